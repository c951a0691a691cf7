"""How large and how long requests may be, as AWS's documentation has it.

https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.sagemaker.errors import InvalidRequest

if TYPE_CHECKING:
    from local_emulator.sagemaker.endpoint import Variant

_MB = 1024 * 1024
REAL_TIME_BYTES = 25 * _MB
SERVERLESS_BYTES = 4 * _MB
REAL_TIME_S = 60.0
STREAM_S = 480.0
ASYNC_BYTES = 1024 * _MB
ASYNC_S = 3600.0


def check_size(variant: Variant, size: int) -> None:
    """Refuse a body that is too large for the variant."""
    most = SERVERLESS_BYTES if variant.fleet.spec.serverless else REAL_TIME_BYTES
    if size > most:
        raise InvalidRequest(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less "
            f"than or equal to {most}"
        )


def check_answer(variant: Variant, size: int) -> None:
    """Refuse an answer that is too large for the variant."""
    most = SERVERLESS_BYTES if variant.fleet.spec.serverless else REAL_TIME_BYTES
    if size > most:
        raise InvalidRequest(f"the model's answer has {size} bytes; at most {most} can be returned")
