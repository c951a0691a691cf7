"""What passes between host and workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Value:
    """One value on its way to or from a function; `kind` is a field of the protocol's TypedData."""

    kind: str  # "string", "bytes", "json", "http", "int", "double"
    content: Any

    def as_bytes(self) -> bytes:
        """Give what stands for the value in a blob or a queue."""
        return self.content if isinstance(self.content, bytes) else str(self.content).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a function: who, its inputs by parameter, and what the trigger says about itself."""

    function_id: str
    inputs: Mapping[str, Value | None]
    metadata: Mapping[str, Value]
    invocation_id: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """What a function raised, or what ended it."""

    message: str
    stack_trace: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `failure` is None when it went well."""

    returned: Value | None = None
    outputs: Mapping[str, Value | None] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """A function as the runtime found it; `bindings` are function.json's, as written by the decorators."""

    name: str
    function_id: str
    bindings: tuple[Mapping[str, Any], ...]
    retries: bool


@dataclass(frozen=True, slots=True)
class Index:
    """What a worker says of its app."""

    functions: tuple[IndexedFunction, ...]
    http_url: str | None  # where it takes requests itself, with the HTTP streaming extension


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line from a worker; `logger` is "" for what was printed."""

    text: str
    level: int
    logger: str = ""
    invocation_id: str | None = None
    system: bool = False


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How to start a worker."""

    python: Path
    app: Path
    packages: Path | None
    environment: Mapping[str, str]
    log: Callable[[LogLine], None]


class Runner(Protocol):
    """Runs functions."""

    def invoke(self, call: Call) -> Outcome:
        """Run and wait. A function's failure, a timeout and the end of a worker are outcomes."""
        ...
