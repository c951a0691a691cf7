"""What the emulator's parts say to each other about running a Lambda function.

The control plane (moto) knows functions by name; execution knows only these values. Nothing here
touches moto, sockets or processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FunctionSnapshot:
    """One published state of a function: everything an instance needs, and nothing that can change later.

    Two snapshots that are equal may share instances; any difference starts new ones. `code` and `layers`
    are zip archives and take no part in the comparison: their digests stand for them.
    """

    arn: str  # with the version: arn:aws:lambda:us-east-1:123456789012:function:predict:$LATEST
    name: str
    version: str  # "$LATEST" or "1", "2", …
    handler: str  # "functions.predict.handler"
    runtime: str  # "python3.13"
    memory_mb: int
    timeout_s: float
    region: str
    account_id: str
    code_sha256: str
    layer_sha256s: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    ephemeral_storage_mb: int = 512
    snap_start: bool = False
    log_group: str = ""  # empty: /aws/lambda/{name}
    code: bytes = field(default=b"", compare=False, repr=False)
    layers: tuple[bytes, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request to run a function."""

    payload: bytes  # JSON
    request_id: str
    client_context: str | None = None  # JSON text, already base64-decoded
    invoked_arn: str = ""  # what the caller named (with qualifier); empty: the snapshot's arn
    trace_id: str = ""  # empty: a new one


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of Lambda's own: the Invoke API answers with it instead of a payload."""

    status: int
    kind: str  # "SnapStartException"
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to; the words are those of AWS's Invoke API."""

    payload: bytes
    function_error: str | None  # None, "Handled" or "Unhandled"
    request_id: str
    executed_version: str
    log: bytes  # everything this invocation wrote, START to REPORT; not cut to the 4 KB tail
    duration_ms: float
    init_ms: float | None  # None on a warm start
    max_memory_mb: int
    refusal: Refusal | None = None  # the function was not run; for triggers it has failed


class Throttled(Exception):
    """Reserved concurrency is used up: AWS answers 429 TooManyRequestsException, and so do we."""


class FunctionRunner(Protocol):
    """The funnel that every trigger ends in."""

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        """Run once, waiting for the answer. Raises Throttled when `concurrency_limit` runs are under way."""
        ...


class LogSink(Protocol):
    """Where the lines of an instance go (CloudWatch Logs in the emulator, a list in tests)."""

    def write(self, group: str, stream: str, lines: bytes, timestamp_ms: int) -> None:
        """Take whole lines; called off the hot path, in order for one stream."""
        ...
