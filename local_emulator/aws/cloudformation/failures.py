"""Why a resource failed, in the words of a stack event."""

from __future__ import annotations

import logging

from local_emulator.aws.cloudformation.contracts import DeploymentError

_log = logging.getLogger(__name__)


def reason_of(error: Exception) -> str:
    """Word an exception. What no service or type raised on purpose is logged with its traceback, too."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        answer = error.response
        code = answer.get("Error", {}).get("Code", "Unknown")
        text = answer.get("Error", {}).get("Message", "")
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
        return f"{text} (Operation: {error.operation_name}, Status Code: {status}, Error Code: {code})"
    if isinstance(error, DeploymentError):
        return str(error)
    message = getattr(error, "message", None)
    if message is not None:  # moto's errors, of both its kinds
        return str(message)
    if not isinstance(error, BotoCoreError):
        _log.error("a resource failed in an unforeseen way", exc_info=error)
    return f"{type(error).__name__}: {error}"
