"""Finds and loads libonnxruntime once a process, on a thread of its own when asked early.

Creating the environment registers every operator's schema: 16 to 20 ms in C++ without the interpreter lock.
`begin_loading` at the top of an entry point lets that run while the interpreter imports the rest.
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
    from typing import Any, Final

_ERRORS_ONLY = 3
_PREFIX = "libonnxruntime.so"


class Environment:
    """The loaded library with ONNX Runtime's one environment; lives as long as the process."""

    def __init__(self, path: str) -> None:
        self.api: Final = Api(ctypes.CDLL(path))
        api = self.api
        self.env: Final[Any] = api.made(api.CreateEnv, _ERRORS_ONLY, b"onehandler", error=BundleError)
        self.allocator: Final[Any] = api.made(api.GetAllocatorWithDefaultOptions, error=BundleError)
        self.memory: Final[Any] = api.made(api.CreateCpuMemoryInfo, 0, 0, error=BundleError)


class _Loading:
    """The one load of this process, and what came of it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.thread: Thread | None = None
        self.environment: Environment | None = None
        self.error: BundleError | None = None

    def load(self) -> None:
        try:
            self.environment = Environment(library_path())
        except BundleError as error:
            self.error = error
        except OSError as error:
            self.error = BundleError(f"libonnxruntime cannot be loaded: {error}")


_loading = _Loading()


def begin_loading() -> None:
    """Start loading in the background, unless that was done; errors wait for `environment`."""
    with _loading.lock:
        if _loading.thread is None:
            _loading.thread = Thread(target=_loading.load, name="onnxruntime-loader", daemon=True)
            _loading.thread.start()


def environment() -> Environment:
    """The environment, loaded now if need be. Raises BundleError, also on every later call."""
    begin_loading()
    assert _loading.thread is not None
    _loading.thread.join()
    if _loading.environment is None:
        raise _loading.error or BundleError("libonnxruntime was not loaded")
    return _loading.environment


def library_path() -> str:
    """Where the library lies: in a layer's or LD_LIBRARY_PATH's lib folder, or in the onnxruntime wheel."""
    folders = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    for entry in sys.path:
        folders += [os.path.join(entry, "onnxruntime", "capi"), os.path.join(os.path.dirname(entry), "lib")]
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        found = sorted(name for name in names if name.startswith(_PREFIX))
        if found:
            return os.path.join(folder, found[-1])
    raise BundleError(
        f"no {_PREFIX} in LD_LIBRARY_PATH or beside sys.path; add the ONNX layer, or install onnxruntime"
    )
