"""A tensor in another type of its family, as numpy's float64 for a model of float32, without a list of its values."""

from __future__ import annotations

from onehandler.errors import InvalidInput
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.dtypes import DType

_AT_ONCE = 8192  # elements: a multiple of 8, so that 4-bit types are cut between bytes


def converted(dtype: DType, tensor: Tensor, where: str) -> Tensor:
    """The same numbers as `dtype`; InvalidInput names the first that doesn't fit, at `where`[index]."""
    source = memoryview(tensor.data).cast("B") if tensor.size else b""  # type: ignore[arg-type] # numbers are no list
    found = bytearray()
    for first in range(0, tensor.size, _AT_ONCE):
        count = min(_AT_ONCE, tensor.size - first)
        begin = tensor.dtype.nbytes(first)
        part = Tensor(tensor.dtype, (count,), source[begin : begin + tensor.dtype.nbytes(count)])
        try:
            found += memoryview(Tensor.of(dtype, part.shape, part.values(), where=where).data)  # type: ignore[arg-type]
        except InvalidInput as error:
            index = error.where.removeprefix(f"{where}[").removesuffix("]")
            raise InvalidInput(error.message, where=f"{where}[{first + int(index)}]") from None
    return Tensor(dtype, tensor.shape, found)
