"""Structured log lines and CloudWatch metrics as Powertools for AWS Lambda writes them, without its import.

Importing Powertools' Logger costs a cold start 45 ms. The shapes are its own: the log keys of Logger, and the
Embedded Metric Format blobs of Metrics, ColdStart in one of its own as `capture_cold_start_metric` does.
tests/onehandler/test_telemetry.py compares both.
"""

from __future__ import annotations

import sys
from json import JSONEncoder
from json.encoder import encode_basestring
from time import gmtime, strftime, time

from onehandler.errors import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Final, Protocol, TypeAlias

    from onehandler.errors import OnehandlerError
    from onehandler.message import Request, Response
    from onehandler.settings import Settings

    Write: TypeAlias = Callable[[str], None]
    Clock: TypeAlias = Callable[[], float]

    class Invocation(Protocol):
        """What a function platform tells about the call in progress; each is asked for when it is written."""

        @property
        def function(self) -> str:
            """The function's name."""
            ...

        @property
        def memory(self) -> int:
            """Its memory setting, in MB."""
            ...

        @property
        def arn(self) -> str:
            """What was invoked: the function's ARN, or what the platform has for one."""
            ...

        @property
        def request_id(self) -> str:
            """The platform's id of this call."""
            ...

        @property
        def trace_id(self) -> str:
            """The id of the trace that this call is part of, or ""."""
            ...


_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_ENCODER = JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False, default=str)
_FRAMES = 30  # of a traceback, the innermost


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
        self._answered: Final = _template(service, namespace)
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
            self._write(_ENCODER.encode(self._cold_start(invocation)))

    def answered(self, request: Request, response: Response, seconds: float) -> None:
        """One request is done: metrics on a function platform, a line at DEBUG elsewhere."""
        status = response.status
        if self.invocation is None:
            self.log("DEBUG", "answered", {"status": status, "milliseconds": round(seconds * 1000, 3)})
            return
        method = encode_basestring(request.method[:10])
        request_id = encode_basestring(self.invocation.request_id)
        family = status // 100
        self._write(
            self._answered
            % (
                self._clock() * 1000,
                family,
                status,
                method,
                request_id,
                seconds * 1000,
                response.rows,
                family,
            )
        )

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

    def _cold_start(self, invocation: Invocation) -> dict[str, Any]:
        """The EMF blob that counts a cold start."""
        metrics = {
            "Namespace": self.namespace,
            "Dimensions": [["function_name", "service"]],
            "Metrics": [{"Name": "ColdStart", "Unit": "Count"}],
        }
        return {
            "_aws": {"Timestamp": int(self._clock() * 1000), "CloudWatchMetrics": [metrics]},
            "function_name": invocation.function,
            "service": self.service,
            "ColdStart": [1.0],
        }


def _template(service: str, namespace: str) -> str:
    """The EMF blob of an answered request, to be filled in with %: building it each time takes 5 µs more."""
    units = {"Latency": "Milliseconds", "Rows": "Count", "Status%dxx": "Count"}
    metrics = _ENCODER.encode([{"Name": name, "Unit": unit} for name, unit in units.items()])
    where = _ENCODER.encode(namespace).replace("%", "%%")
    return (
        f'{{"_aws":{{"Timestamp":%d,"CloudWatchMetrics":[{{"Namespace":{where},"Dimensions":[["service"]],'
        f'"Metrics":{metrics}}}]}},"service":{_ENCODER.encode(service).replace("%", "%%")},'
        '"status":%d,"method":%s,"function_request_id":%s,"Latency":[%.3f],"Rows":[%d.0],"Status%dxx":[1.0]}'
    )


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
