"""Finds and loads libonnxruntime once a process, on a thread of its own when asked early.

Creating the environment registers every operator's schema: 15 ms in C++ without the interpreter lock.
`begin_loading` at the top of an entry point lets that run while the interpreter imports the rest: spawn to
first answer went from 53.1 to 42.6 ms with a second core free, and stayed as it was with both cores busy
(medians of 25 interleaved runs, Python 3.13).
"""

from __future__ import annotations

import ctypes
import os
import sys
from threading import Lock, Thread

from onehandler.errors import BundleError
from onehandler.runtimes.onnx_api import Api

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

_ERRORS_ONLY = 3
_PREFIX = "libonnxruntime.so"


class Environment:
    """The loaded library with ONNX Runtime's one environment; lives as long as the process."""

    def __init__(self, path: str) -> None:
        self.api: Final = Api(ctypes.CDLL(path), path)
        api = self.api
        self.env: Final = api.got(api.CreateEnv, _ERRORS_ONLY, b"onehandler", error=BundleError)
        api.check(api.DisableTelemetryEvents(self.env), BundleError)
        self.allocator: Final = api.got(api.GetAllocatorWithDefaultOptions, error=BundleError)
        self.memory: Final = api.got(api.CreateCpuMemoryInfo, 0, 0, error=BundleError)


class _Loading:
    """The one load of this process, and what came of it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.thread: Thread | None = None
        self.environment: Environment | None = None
        self.error: BundleError | None = None

    def load(self) -> None:
        try:
            # LD_LIBRARY_PATH is the dynamic loader's variable, no setting of ours.
            self.environment = Environment(library_path(os.environ.get("LD_LIBRARY_PATH", ""), sys.path))
        except BundleError as error:
            self.error = error
        except OSError as error:
            self.error = BundleError(f"libonnxruntime cannot be loaded: {error}")


_loading = _Loading()


def begin_loading() -> None:
    """Start loading in the background, unless that was done; errors wait for `environment`."""
    with _loading.lock:
        if _loading.thread is None:
            thread = Thread(target=_loading.load, name="onnxruntime-loader", daemon=True)
            thread.start()
            _loading.thread = thread


def environment() -> Environment:
    """The environment, loaded now if need be. Raises BundleError, also on every later call."""
    begin_loading()
    assert _loading.thread is not None
    _loading.thread.join()
    if _loading.environment is None:
        error = _loading.error or BundleError("libonnxruntime was not loaded")
        raise BundleError(error.message, where=error.where)
    return _loading.environment


def library_path(loader_path: str, import_path: Sequence[str]) -> str:
    """Where libonnxruntime.so lies, without importing onnxruntime.

    Looks into the onnxruntime wheel (onnxruntime/capi) and the `lib` beside every entry of the import path (a
    layer's python/ has lib/ beside it), then into the folders of `loader_path`, which are the large ones.
    """
    looked = dict.fromkeys(_folders(loader_path, import_path))
    for folder in looked:
        found = _libraries(folder)
        if found:
            return os.path.join(folder, found[-1])
    raise BundleError(
        f"no {_PREFIX} in {', '.join(looked)}; add the ONNX layer or install onnxruntime", where=_PREFIX
    )


def _folders(loader_path: str, import_path: Sequence[str]) -> Iterator[str]:
    for entry in import_path:
        yield os.path.join(entry, "onnxruntime", "capi")
        yield os.path.join(os.path.dirname(entry), "lib")
    for folder in loader_path.split(":"):
        if folder:
            yield folder


def _libraries(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.startswith(_PREFIX))
    except OSError:
        return []
