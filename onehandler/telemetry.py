"""Structured log lines and CloudWatch metrics as Powertools for AWS Lambda writes them, without its import.

Importing Powertools' Logger costs a cold start 45 ms. The shapes are its own: the log keys of Logger, and the
Embedded Metric Format blobs of Metrics, ColdStart in one of its own as `capture_cold_start_metric` does.
tests/onehandler/test_telemetry.py compares both.
"""

from __future__ import annotations

import sys
from json import JSONEncoder
from time import gmtime, strftime, time

from onehandler.errors import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Final, TypeAlias

    from onehandler.errors import OnehandlerError
    from onehandler.message import Request, Response
    from onehandler.settings import Settings

    Write: TypeAlias = Callable[[str], None]
    Clock: TypeAlias = Callable[[], float]

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_ENCODER = JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False, default=str)
_FRAMES = 30  # of a traceback, the innermost


class Invocation:
    """What a platform tells about the call in progress; all empty where there is no such platform."""

    __slots__ = ("arn", "function", "memory", "request_id", "trace_id")

    def __init__(
        self, function: str = "", memory: int = 0, arn: str = "", request_id: str = "", trace_id: str = ""
    ) -> None:
        self.function: Final = function
        self.memory: Final = memory
        self.arn: Final = arn
        self.request_id: Final = request_id
        self.trace_id: Final = trace_id


class Telemetry:
    """Writes one process's log and metrics. `write` takes one line; `clock` gives seconds since 1970."""

    def __init__(
        self, service: str, namespace: str, level: str, *, write: Write | None = None, clock: Clock = time
    ) -> None:
        self.service: Final = service
        self.namespace: Final = namespace
        self.level: Final = _LEVELS[level]
        self.invocation: Invocation | None = None
        self.cold_start = True
        self._calls = 0
        self._write: Final = write or _to_stdout
        self._clock: Final = clock

    @classmethod
    def of(cls, settings: Settings) -> Telemetry:
        """As the settings say, to standard output."""
        return cls(settings.service, settings.namespace, settings.log_level)

    def begin(self, invocation: Invocation) -> None:
        """A function platform starts a call: from now on metrics are written, and the call's ids logged."""
        self._calls += 1
        self.cold_start = self._calls == 1
        self.invocation = invocation
        if self.cold_start:
            self._metrics({"ColdStart": ("Count", 1)}, {"function_name": invocation.function})

    def answered(self, request: Request, response: Response, seconds: float) -> None:
        """One request is done: metrics on a function platform, a line at DEBUG elsewhere."""
        status = response.status
        if self.invocation is None:
            self.log("DEBUG", "answered", {"status": status, "milliseconds": round(seconds * 1000, 3)})
            return
        metrics: dict[str, tuple[str, float]] = {
            "Latency": ("Milliseconds", round(seconds * 1000, 3)),
            "Rows": ("Count", response.rows),
            f"Status{status // 100}xx": ("Count", 1),
        }
        facts = {"status": status, "method": request.method[:10]}
        self._metrics(metrics, {}, {**facts, "function_request_id": self.invocation.request_id})

    def refused(self, error: OnehandlerError, status: int) -> None:
        """A request was refused on purpose: the deployment's and the model's faults matter to its owner."""
        if error.kind is Kind.MODEL:
            self.log("WARNING", f"the model failed: {error}", {"status": status})
        elif status >= 500:
            self.log("ERROR", str(error), {"status": status}, error)

    def failed(self, error: BaseException, request_id: str) -> None:
        """A fault that nobody foresaw: its traceback goes to the log and nowhere else."""
        self.log("ERROR", "unforeseen fault", {"request_id": request_id}, error)

    def log(
        self, level: str, message: str, facts: Mapping[str, Any], error: BaseException | None = None
    ) -> None:
        """Write one log line, `facts` beside the usual keys, unless the level is below the settings'."""
        if _LEVELS[level] < self.level:
            return
        frame = sys._getframe(1)  # noqa: SLF001 - the way logging finds its caller
        now = self._clock()
        record: dict[str, Any] = {
            "level": level,
            "location": f"{frame.f_code.co_name}:{frame.f_lineno}",
            "message": message,
            "timestamp": f"{strftime('%Y-%m-%d %H:%M:%S', gmtime(now))},{int(now * 1000) % 1000:03}+0000",
            "service": self.service,
        }
        call = self.invocation
        if call is not None:
            record["cold_start"] = self.cold_start
            record["function_name"] = call.function
            record["function_memory_size"] = call.memory
            record["function_arn"] = call.arn
            record["function_request_id"] = call.request_id
        record.update(facts)
        if error is not None:
            record.update(_exception(error))
        if call is not None and call.trace_id:
            record["xray_trace_id"] = call.trace_id
        self._write(_ENCODER.encode(record))

    def _metrics(
        self,
        metrics: Mapping[str, tuple[str, float]],
        dimensions: Mapping[str, str],
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """One EMF blob: the declared metrics, their dimensions, and facts that are only searchable."""
        declared = [{"Name": name, "Unit": unit} for name, (unit, _) in metrics.items()]
        blob: dict[str, Any] = {
            "_aws": {
                "Timestamp": int(self._clock() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": self.namespace,
                        "Dimensions": [[*dimensions, "service"]],
                        "Metrics": declared,
                    }
                ],
            },
            **dimensions,
            "service": self.service,
            **(facts or {}),
        }
        for name, (_, value) in metrics.items():
            blob[name] = [float(value)]
        self._write(_ENCODER.encode(blob))


def _exception(error: BaseException) -> dict[str, Any]:
    """The keys under which Powertools' Logger files an exception."""
    import traceback  # only faults need it

    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    kind = type(error)
    return {
        "exception": "".join(traceback.format_exception(kind, error, error.__traceback__, -_FRAMES)).rstrip(),
        "exception_name": kind.__name__,
        "stack_trace": {
            "type": kind.__name__,
            "value": str(error),
            "module": kind.__module__,
            "frames": [
                {"file": each.filename, "line": each.lineno, "function": each.name, "statement": each.line}
                for each in frames
            ],
        },
    }


def _to_stdout(line: str) -> None:
    """One write a line: Lambda's log stream cuts records at line ends, and stdout may be shared."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):  # a closed or broken log must not cost an answer
        return
