"""Between our tensors and numpy's arrays, for runtimes that have numpy anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.dtypes import dtype_named
from onehandler.errors import BundleError, InvalidInput, ModelError
from onehandler.tensor import Tensor

try:
    import numpy as np
except ImportError:  # our own functions and servers do without it
    raise BundleError("the model gives or takes numpy's arrays; install numpy beside it") from None

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.signature import TensorSpec

    Array = np.ndarray[Any, Any]

_SAME_KIND = {"f": "float", "i": "int", "u": "int", "b": "bool", "U": "string", "O": "string"}


def array_of(tensor: Tensor) -> Array:
    """A tensor as numpy sees it; strings as objects."""
    if tensor.dtype.family == "string":
        return np.array(tensor.values(), dtype=object).reshape(tensor.shape)
    return np.asarray(tensor)


def tensor_of(spec: TensorSpec, values: Any) -> Tensor:
    """What code gave, as the output that its bundle declares; ModelError when it is something else.

    Numbers take the declared type, of whatever width they come; an array of shape [n, 1] may stand for [n] and the
    other way round. A Tensor stays as it is.
    """
    where = f"output '{spec.name}'"
    if isinstance(values, Tensor):
        return _fitting(spec, values, where)
    array = np.asarray(values)
    family = _SAME_KIND.get(array.dtype.kind, array.dtype.name)
    if family != spec.dtype.family and (family, spec.dtype.family) != ("int", "float"):
        raise ModelError(f"gives {array.dtype.name}, its bundle declares {spec.dtype.name}", where=where)
    if array.ndim == len(spec.shape) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    elif array.ndim + 1 == len(spec.shape) and spec.shape[-1] == 1:
        array = array[..., np.newaxis]
    if spec.dtype.family == "string":
        texts = array.ravel().tolist()
        if not all(isinstance(each, str) for each in texts):
            raise ModelError("gives objects that are no strings", where=where)
        return _fitting(spec, Tensor(spec.dtype, array.shape, texts), where)
    numbers = np.ascontiguousarray(array, dtype=np.dtype(spec.dtype.name))
    return _fitting(spec, Tensor(spec.dtype, numbers.shape, numbers.tobytes()), where)


def both_classes(values: Any) -> Array:
    """Scores of two classes: decision_function gives those of the second alone."""
    scores = np.asarray(values)
    return np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def beside_each_other(columns: Sequence[Array]) -> Array:
    """Columns [n, 1] as one table; objects where their types differ in kind."""
    kinds = {column.dtype.kind for column in columns}
    mixed = bool(kinds & {"O"}) and len(kinds) > 1
    return np.column_stack([column.astype(object) if mixed else column for column in columns])


def dtype_text(array: Array, where: str) -> str:
    """The name of our element type for an array's; InvalidInput when there is none."""
    if array.dtype.kind == "U" or (
        array.dtype.kind == "O" and all(isinstance(each, str) for each in array.flat)
    ):
        return "string"
    try:
        return dtype_named(array.dtype.name).name
    except InvalidInput as error:
        raise InvalidInput(error.message, where=where) from None


def _fitting(spec: TensorSpec, tensor: Tensor, where: str) -> Tensor:
    try:
        spec.check(tensor)
    except InvalidInput as error:
        raise ModelError(error.message, where=where) from None
    return tensor
