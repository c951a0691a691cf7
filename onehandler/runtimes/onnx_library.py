"""ONNX Runtime's one environment in a process, with the functions of its API."""

from __future__ import annotations

from threading import Lock

from onehandler import onnx_start
from onehandler.errors import BundleError
from onehandler.runtimes.onnx_api import Api

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final


class Environment:
    """The loaded library with ONNX Runtime's one environment; lives as long as the process."""

    def __init__(self, started: onnx_start.Start) -> None:
        if started.error:
            raise BundleError(f"libonnxruntime cannot be loaded: {started.error}", where=started.where)
        self.library: Final[Any] = started.library
        self.env: Final = started.env
        self.api: Final = Api(started.table, started.version)
        api = self.api
        api.check(api.DisableTelemetryEvents(self.env), BundleError)
        self.allocator: Final = api.got(api.GetAllocatorWithDefaultOptions, error=BundleError)
        self.memory: Final = api.got(api.CreateCpuMemoryInfo, 0, 0, error=BundleError)


_lock = Lock()
_made: list[Environment] = []


def environment() -> Environment:
    """The environment, loaded now if need be. Raises BundleError, also on every later call."""
    started = onnx_start.start()
    started.wait()
    with _lock:
        if not _made:
            _made.append(Environment(started))
        return _made[0]
