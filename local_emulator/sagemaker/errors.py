"""What SageMaker refuses or fails at, with the names and statuses of its runtime API.

SageMakerError
├── InvalidRequest       400 ValidationError
├── NotReady             429 ModelNotReadyException
├── Throttled            400 ThrottlingException
├── ModelFailed          424 ModelError: the container answered with an error, or not at all
└── CannotServe          why an endpoint or a job fails
"""

from __future__ import annotations


class SageMakerError(Exception):
    """Base of all. `code` is the exception's name in the service's model."""

    status = 500
    code = "InternalFailure"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(SageMakerError):
    """The caller's fault."""

    status = 400
    code = "ValidationError"


class NotReady(SageMakerError):
    """The model is not in service yet."""

    status = 429
    code = "ModelNotReadyException"


class Throttled(SageMakerError):
    """More at once than a serverless variant may have."""

    status = 400
    code = "ThrottlingException"


class ModelFailed(SageMakerError):
    """The container's own status and words; status 0 when it gave none."""

    status = 424
    code = "ModelError"

    def __init__(self, status: int, text: str, log_stream: str) -> None:
        who = "client" if 400 <= status < 500 else "server"
        super().__init__(
            f'Received {who} error ({status}) from primary with message "{text}". '
            f"See {log_stream} for more information."
        )
        self.original_status = status
        self.original_message = text
        self.log_stream = log_stream


class CannotServe(SageMakerError):
    """The reason that DescribeEndpoint or DescribeTransformJob gives."""
