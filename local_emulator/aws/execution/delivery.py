"""What the runtime client is told about an invocation, besides its payload."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from local_emulator.aws.execution.runtime_api import Delivery

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import Invocation


def delivery_of(invocation: Invocation, function_arn: str, deadline: float) -> Delivery:
    """Describe an invocation that has to be over by `deadline`, by time.monotonic."""
    now = time.time()
    return Delivery(
        request_id=invocation.request_id,
        deadline_ms=int((now + deadline - time.monotonic()) * 1000),
        invoked_arn=invocation.invoked_arn or function_arn,
        trace_id=invocation.trace_id or _new_trace(int(now)),
        client_context=invocation.client_context,
        payload_size=len(invocation.payload),
    )


def _new_trace(now: int) -> str:
    """X-Ray's format; nothing samples here."""
    return f"Root=1-{now:08x}-{os.urandom(12).hex()};Parent={os.urandom(8).hex()};Sampled=0"
