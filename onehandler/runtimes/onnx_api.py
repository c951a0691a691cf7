"""ONNX Runtime's versioned C API through ctypes: the functions we call, by their place in `OrtApi`.

Source: include/onnxruntime/core/session/onnxruntime_c_api.h of ONNX Runtime. The structure only ever grows at
its end, so a place holds for every later version. Functions that can fail return an `OrtStatus*`, null on
success. Pointers are plain integers here; what stays the same from call to call is passed as a `word`.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, PYFUNCTYPE, addressof, c_char_p, c_int, c_size_t
from ctypes import c_void_p as ptr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from onehandler.errors import OnehandlerError

_MESSAGE_LIMIT = 300
_LEFT_OUT = " … "

# What every run calls takes words, byref(…), bytes and None only: ctypes then converts nothing, which takes
# 0.1 µs for every argument elsewhere. A word is an integer converted beforehand.
word = ptr.from_param
_WORDS: tuple[Any, ...] = ()

# The interpreter lock is free during these: they may take longer than a thread switch.
_SLOW: dict[str, tuple[int, tuple[Any, ...]]] = {
    "CreateSession": (7, (ptr, c_char_p, ptr, ptr)),
    "Run": (9, _WORDS),
    "FillStringTensor": (52, (ptr, ptr, c_size_t)),
    "GetStringTensorContent": (54, (ptr, ptr, c_size_t, ptr, c_size_t)),
    "ReleaseSession": (95, (ptr,)),
}
# Giving the lock away and taking it back would cost more than these do.
_QUICK: dict[str, tuple[int, tuple[Any, ...]]] = {
    "DisableTelemetryEvents": (6, (ptr,)),
    "CreateSessionOptions": (10, (ptr,)),
    "SetSessionLogSeverityLevel": (22, (ptr, c_int)),
    "SetIntraOpNumThreads": (24, (ptr, c_int)),
    "SetInterOpNumThreads": (25, (ptr, c_int)),
    "SessionGetInputCount": (30, (ptr, ptr)),
    "SessionGetOutputCount": (31, (ptr, ptr)),
    "SessionGetInputTypeInfo": (33, (ptr, c_size_t, ptr)),
    "SessionGetOutputTypeInfo": (34, (ptr, c_size_t, ptr)),
    "SessionGetInputName": (36, (ptr, c_size_t, ptr, ptr)),
    "SessionGetOutputName": (37, (ptr, c_size_t, ptr, ptr)),
    "CreateTensorAsOrtValue": (48, (ptr, ptr, c_size_t, c_int, ptr)),
    "CreateTensorWithDataAsOrtValue": (49, _WORDS),
    "GetTensorMutableData": (51, _WORDS),
    "GetStringTensorDataLength": (53, (ptr, ptr)),
    "CastTypeInfoToTensorInfo": (55, (ptr, ptr)),
    "GetOnnxTypeFromTypeInfo": (56, (ptr, ptr)),
    "GetTensorElementType": (60, (ptr, ptr)),
    "GetDimensionsCount": (61, (ptr, ptr)),
    "GetDimensions": (62, (ptr, ptr, c_size_t)),
    "CreateCpuMemoryInfo": (69, (c_int, c_int, ptr)),
    "AllocatorFree": (76, (ptr, ptr)),
    "GetAllocatorWithDefaultOptions": (78, (ptr,)),
    "ReleaseStatus": (93, (ptr,)),
    "ReleaseValue": (96, _WORDS),
    "ReleaseTypeInfo": (98, (ptr,)),
    "ReleaseSessionOptions": (100, (ptr,)),
    "AddSessionConfigEntry": (130, (ptr, c_char_p, c_char_p)),
    "GetResizedStringTensorElementBuffer": (252, (ptr, c_size_t, c_size_t, ptr)),
    "GetTensorElementTypeAndShapeDataReference": (414, _WORDS),
}
_GET_ERROR_MESSAGE = 2


class Api:
    """The functions, under their C names, of the `OrtApi` at an address. Fallible ones give a status to `check`."""

    def __init__(self, address: int, version: str) -> None:
        self.version: Final = version
        last = max(place for place, _ in (_SLOW | _QUICK).values())
        places = (ptr * (last + 1)).from_address(address)
        self._message = CFUNCTYPE(c_char_p, ptr)(places[_GET_ERROR_MESSAGE] or 0)
        # One prototype for all, argument types set afterwards: a class for each would cost 20 µs a piece.
        for table, prototype in ((_SLOW, CFUNCTYPE(ptr)), (_QUICK, PYFUNCTYPE(ptr))):
            for name, (place, arguments) in table.items():
                function = prototype(places[place] or 0)
                if arguments:
                    function.argtypes = arguments
                setattr(self, name, function)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The functions named in the tables above."""

    def check(self, status: int | None, error: type[OnehandlerError], where: str = "") -> None:
        """Free a status and raise `error` with ONNX Runtime's words, unless it is null (success)."""
        if status:
            message = self._message(status).decode(errors="replace")
            self.ReleaseStatus(status)
            raise error(f"ONNX Runtime says: {_shortened(message.strip())}", where=where)

    def got(self, function: Any, *arguments: Any, error: type[OnehandlerError], where: str = "") -> int:
        """Call a function whose last argument receives a pointer or a number, and give that."""
        found = c_size_t()
        self.check(function(*arguments, addressof(found)), error, where)
        return found.value


def _shortened(message: str) -> str:
    """A message's beginning and its end: many begin with the place in ONNX Runtime's source and end with the reason."""
    if len(message) <= _MESSAGE_LIMIT:
        return message
    half = (_MESSAGE_LIMIT - len(_LEFT_OUT)) // 2
    return message[:half] + _LEFT_OUT + message[-half:]
