"""ONNX Runtime's versioned C API through ctypes: the functions we call, by their place in `OrtApi`.

Source: onnxruntime_c_api.h of ONNX Runtime. The structure only ever grows at its end, so a place holds for
every later version. Every function that can fail returns an `OrtStatus*`, null on success.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from onehandler.errors import OnehandlerError

API_VERSION = 13  # the oldest with everything below
_MESSAGE_LIMIT = 300

_PLACES: dict[str, tuple[int, tuple[Any, ...]]] = {
    "CreateEnv": (3, (c_int, c_char_p, c_void_p)),
    "CreateSession": (7, (c_void_p, c_char_p, c_void_p, c_void_p)),
    "Run": (9, (c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p)),
    "CreateSessionOptions": (10, (c_void_p,)),
    "SetSessionLogSeverityLevel": (22, (c_void_p, c_int)),
    "SetIntraOpNumThreads": (24, (c_void_p, c_int)),
    "SetInterOpNumThreads": (25, (c_void_p, c_int)),
    "SessionGetInputCount": (30, (c_void_p, c_void_p)),
    "SessionGetOutputCount": (31, (c_void_p, c_void_p)),
    "SessionGetInputTypeInfo": (33, (c_void_p, c_size_t, c_void_p)),
    "SessionGetOutputTypeInfo": (34, (c_void_p, c_size_t, c_void_p)),
    "SessionGetInputName": (36, (c_void_p, c_size_t, c_void_p, c_void_p)),
    "SessionGetOutputName": (37, (c_void_p, c_size_t, c_void_p, c_void_p)),
    "CreateTensorAsOrtValue": (48, (c_void_p, c_void_p, c_size_t, c_int, c_void_p)),
    "CreateTensorWithDataAsOrtValue": (
        49,
        (c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_int, c_void_p),
    ),
    "GetTensorMutableData": (51, (c_void_p, c_void_p)),
    "FillStringTensor": (52, (c_void_p, c_void_p, c_size_t)),
    "GetStringTensorDataLength": (53, (c_void_p, c_void_p)),
    "GetStringTensorContent": (54, (c_void_p, c_void_p, c_size_t, c_void_p, c_size_t)),
    "CastTypeInfoToTensorInfo": (55, (c_void_p, c_void_p)),
    "GetOnnxTypeFromTypeInfo": (56, (c_void_p, c_void_p)),
    "GetTensorElementType": (60, (c_void_p, c_void_p)),
    "GetDimensionsCount": (61, (c_void_p, c_void_p)),
    "GetDimensions": (62, (c_void_p, c_void_p, c_size_t)),
    "GetTensorTypeAndShape": (65, (c_void_p, c_void_p)),
    "CreateCpuMemoryInfo": (69, (c_int, c_int, c_void_p)),
    "AllocatorFree": (76, (c_void_p, c_void_p)),
    "GetAllocatorWithDefaultOptions": (78, (c_void_p,)),
    "AddSessionConfigEntry": (130, (c_void_p, c_char_p, c_char_p)),
}
_RELEASES = {
    "ReleaseStatus": 93,
    "ReleaseSession": 95,
    "ReleaseValue": 96,
    "ReleaseTypeInfo": 98,
    "ReleaseTensorTypeAndShapeInfo": 99,
    "ReleaseSessionOptions": 100,
}
_GET_ERROR_MESSAGE = 2


class _ApiBase(ctypes.Structure):
    _fields_ = (
        ("GetApi", CFUNCTYPE(c_void_p, ctypes.c_uint32)),
        ("GetVersionString", CFUNCTYPE(c_char_p)),
    )


class Api:
    """The functions, under their C names, of one loaded library. Fallible ones give a status to `check`."""

    def __init__(self, library: ctypes.CDLL) -> None:
        get_base = library.OrtGetApiBase
        get_base.restype = POINTER(_ApiBase)
        base = get_base().contents
        self.version: Final[str] = base.GetVersionString().decode()
        pointers = ctypes.cast(base.GetApi(API_VERSION), POINTER(c_void_p))
        self._message = CFUNCTYPE(c_char_p, c_void_p)(pointers[_GET_ERROR_MESSAGE])
        for name, (place, arguments) in _PLACES.items():
            setattr(self, name, CFUNCTYPE(c_void_p, *arguments)(pointers[place]))
        for name, place in _RELEASES.items():
            setattr(self, name, CFUNCTYPE(None, c_void_p)(pointers[place]))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The functions named in the tables above."""

    def check(self, status: int | None, error: type[OnehandlerError], where: str = "") -> None:
        """Free a status and raise `error` with ONNX Runtime's words, unless it is null (success)."""
        if status:
            message = self._message(status).decode(errors="replace")
            self.ReleaseStatus(status)
            raise error(f"ONNX Runtime says: {message[:_MESSAGE_LIMIT]}", where=where)

    def made(self, function: Any, *arguments: Any, error: type[OnehandlerError]) -> Any:
        """Call a function whose last argument receives a pointer, and give the pointer."""
        pointer = c_void_p()
        self.check(function(*arguments, byref(pointer)), error)
        return pointer

    def counted(self, function: Any, *arguments: Any, error: type[OnehandlerError]) -> int:
        """Call a function whose last argument receives a number, and give the number."""
        number = c_int64()
        self.check(function(*arguments, byref(number)), error)
        return number.value
