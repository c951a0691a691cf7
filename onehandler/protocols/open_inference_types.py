"""The Open Inference Protocol's names: of element types, beside ours, and of its header."""

from __future__ import annotations

from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.dtypes import DType
    from onehandler.signature import TensorSpec

LENGTH_HEADER = (
    "inference-header-content-length"  # how many bytes of a body are JSON, where tensors follow it
)
# BF16 is Triton's; the protocol's own document ends with FP64 and BYTES.
_NAMES = {
    "BOOL": "bool",
    "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64",
    "INT8": "int8", "INT16": "int16", "INT32": "int32", "INT64": "int64",
    "FP16": "float16", "FP32": "float32", "FP64": "float64", "BF16": "bfloat16",
    "BYTES": "string",
}  # fmt: skip
_DTYPES = {datatype: dtype_named(name) for datatype, name in _NAMES.items()}
DATATYPES = {dtype: datatype for datatype, dtype in _DTYPES.items()}


def datatype_of(spec: TensorSpec) -> str:
    """The protocol's name of a tensor's type; InvalidInput where it has none (float8 and 4-bit integers)."""
    found = DATATYPES.get(spec.dtype)
    if found is None:
        raise InvalidInput(
            f"is {spec.dtype.name}, for which the Open Inference Protocol has no datatype; POST /predict takes it",
            where=f"tensor '{spec.name}'",
        )
    return found


def dtype_of(datatype: Any, where: str) -> DType:
    """Our type for a datatype that a client says; InvalidInput names those there are."""
    found = _DTYPES.get(datatype) if isinstance(datatype, str) else None
    if found is None:
        came = "another string" if isinstance(datatype, str) else shown(datatype)
        raise InvalidInput(f"must be one of {', '.join(_DTYPES)}; {came} came", where=f"{where}.datatype")
    return found
