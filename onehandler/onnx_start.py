"""Starts ONNX Runtime: finds its library, loads it and makes its environment, on a thread of its own.

Making the environment registers every operator's schema: 15 ms in C++ without the interpreter lock, while the
interpreter imports the rest. How early this begins decides how much of it a cold start sees, so this module
imports nothing but ctypes.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
from _thread import allocate_lock, start_new_thread  # `threading` itself would be 1 ms later

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Final

API_VERSION = 24  # the oldest with all that onnx_api calls
_CREATE_ENV = 3  # its place in OrtApi
_ERRORS_ONLY = 3
_PREFIX = "libonnxruntime.so"
_SONAME = "libonnxruntime.so.1"
_Pointers = ctypes.POINTER(ctypes.c_void_p)


class Start:
    """One start of the library, and what came of it, once `wait` has returned.

    `table` is the address of its `OrtApi`, `env` of its `OrtEnv`; `error` says why there are none, `where` points
    at the file. `library` must be held on to.
    """

    __slots__ = ("_running", "env", "error", "library", "table", "version", "where")

    def __init__(self) -> None:
        self.library: Any = None
        self.table = 0
        self.env = 0
        self.version = ""
        self.error = ""
        self.where = ""
        self._running: Final = allocate_lock()

    def begin(self) -> None:
        """Start on another thread."""
        self._running.acquire()
        try:
            start_new_thread(self._run, ())
        except RuntimeError:  # the system gives no more threads
            self._run()

    def wait(self) -> None:
        """Return when the start has ended, well or not."""
        with self._running:
            pass

    def _run(self) -> None:
        try:
            self._load(library_path(os.environ.get("LD_LIBRARY_PATH", ""), sys.path))
        except OSError as error:
            self.error = str(error)
        finally:
            self._running.release()

    def _load(self, path: str) -> None:
        self.where = path
        self.library = _opened(path)
        get_base = getattr(self.library, "OrtGetApiBase", None)
        if get_base is None:
            self.error = "has no OrtGetApiBase: it is not ONNX Runtime"
            return
        get_base.restype = _Pointers
        get_api, get_version = get_base()[:2]
        self.version = ctypes.CFUNCTYPE(ctypes.c_char_p)(get_version)().decode()
        table = ctypes.CFUNCTYPE(_Pointers, ctypes.c_uint32)(get_api)(API_VERSION)
        if not table:
            self.error = f"ONNX Runtime {self.version} is too old, 1.{API_VERSION} is the first that will do"
            return
        env = ctypes.c_void_p()
        create = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
        if create(table[_CREATE_ENV])(_ERRORS_ONLY, b"onehandler", ctypes.addressof(env)):
            self.error = "ONNX Runtime could not make its environment"
            return
        self.table, self.env = ctypes.cast(table, ctypes.c_void_p).value or 0, env.value or 0


def library_path(loader_path: str, import_path: Sequence[str]) -> str:
    """Where libonnxruntime.so lies, without importing onnxruntime; FileNotFoundError says where it was looked for.

    Looks for the name that it gives itself in the folders of `loader_path`, where a layer has it. Then lists the
    onnxruntime wheel (onnxruntime/capi), the `lib` beside every entry of the import path (a layer's python/ has
    lib/ beside it), and the folders of `loader_path`, which may be large.
    """
    loader = [folder for folder in loader_path.split(":") if folder]
    looked = dict.fromkeys([*_folders(import_path), *loader])
    for folder in loader:  # where a layer has it, under the name that it gives itself
        path = os.path.join(folder, _SONAME)
        if os.path.isfile(path):
            return path
    for folder in looked:
        found = _libraries(folder)
        if found:
            return os.path.join(folder, found[-1])
    raise FileNotFoundError(f"no {_PREFIX} in {', '.join(looked)}; add the ONNX layer or install onnxruntime")


def _opened(path: str) -> ctypes.CDLL:
    """The library, loaded without the interpreter lock, which CDLL itself would hold: 2 to 7 ms."""
    handle = None
    open_library = getattr(ctypes.CDLL(None), "dlopen", None)
    if open_library is not None:  # a C library older than glibc 2.34 may have it elsewhere
        open_library.restype = ctypes.c_void_p
        handle = open_library(os.fsencode(path), os.RTLD_NOW)
    return ctypes.CDLL(path, handle=handle) if handle else ctypes.CDLL(path)  # which says what is wrong


def _folders(import_path: Sequence[str]) -> Iterator[str]:
    for entry in import_path:
        yield os.path.join(entry, "onnxruntime", "capi")
        yield os.path.join(os.path.dirname(entry), "lib")


def _libraries(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.startswith(_PREFIX))
    except OSError:
        return []


_lock = allocate_lock()
_starts: list[Start] = []


def start() -> Start:
    """The one start of this process, begun now if it wasn't before."""
    with _lock:
        if not _starts:
            # Or it starts a thread of its own to send what it has found out: 2 ms, and nobody asked for it.
            os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
            begun = Start()
            begun.begin()
            atexit.register(begun.wait)  # C++ that starts while the process ends would crash it
            _starts.append(begun)
        return _starts[0]
