"""An inference request's `inputs` → the model's tensors."""

from __future__ import annotations

from math import prod

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray, elements_of, listed
from onehandler.protocols.open_inference_types import datatype_of, dtype_of
from onehandler.rows import check_names, tensor_from_nested
from onehandler.signature import ANY, TensorSpec
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from onehandler.protocols.open_inference_binary import Tail
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

_MOST_SIZES = 32
_ARRAYS = frozenset({list, LargeArray})


def tensors_from(signature: Signature, entries: Any, tail: Tail | None) -> Tensors:
    """Every input of the model, each once; InvalidInput points at the entry at fault.

    `tail` are the bytes after the JSON, where the request has any.
    """
    if not isinstance(entries, (list, LargeArray)):
        raise InvalidInput(f"must be an array of tensors, {shown(entries)} came", where="inputs")
    specs = {spec.name: spec for spec in signature.inputs}
    found: dict[str, Tensor] = {}
    for index, entry in enumerate(elements_of(entries)):
        where = f"inputs[{index}]"
        spec = named(specs, entry, where)
        if spec.name in found:
            raise InvalidInput(f"'{spec.name}' came before", where=where)
        found[spec.name] = _declared(spec, _tensor(spec, entry, tail, where), where)
    check_names(found, tuple(specs), "inputs")
    if tail is not None:
        tail.require_end()
    return found


def named(specs: Mapping[str, TensorSpec], entry: Any, where: str) -> TensorSpec:
    """The tensor of the model that an entry of `inputs` or `outputs` names."""
    if not isinstance(entry, dict):
        raise InvalidInput(f"must be an object, {shown(entry)} came", where=where)
    name = entry.get("name")
    found = specs.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(f"'{each}'" for each in list(specs)[:20])
        raise InvalidInput(f"must be one of {known}", where=f"{where}.name")
    return found


def parameters_of(entry: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The `parameters` of a request, an input or an output; shared memory is refused, unknown ones are kept."""
    found = entry.get("parameters")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidInput(f"must be an object, {shown(found)} came", where=f"{where}.parameters")
    if "shared_memory_region" in found:
        raise InvalidInput(
            "this server shares no memory with its clients; send and ask for the data itself",
            where=f"{where}.parameters",
        )
    return found


def _tensor(spec: TensorSpec, entry: Mapping[str, Any], tail: Tail | None, where: str) -> Tensor:
    """The tensor as the client declares it."""
    datatype_of(spec)
    dtype = dtype_of(entry.get("datatype"), where)
    shape = _shape(entry.get("shape"), where)
    size = parameters_of(entry, where).get("binary_data_size")
    if size is None:
        return _from_json(TensorSpec(spec.name, dtype, shape, (), spec.nullable), entry.get("data"), where)
    if "data" in entry:
        raise InvalidInput("has both 'data' and 'binary_data_size'; send one", where=where)
    if tail is None:
        raise InvalidInput(
            "binary data needs the header Inference-Header-Content-Length: how many bytes of the body are JSON",
            where=f"{where}.parameters.binary_data_size",
        )
    return tail.tensor(spec, dtype, shape, size, where)


def _shape(sizes: Any, where: str) -> tuple[int, ...]:
    sizes = listed(sizes, _MOST_SIZES)
    fits = isinstance(sizes, list) and len(sizes) <= _MOST_SIZES
    if not fits or not all(type(size) is int and 0 <= size < 1 << 63 for size in sizes):
        raise InvalidInput(
            f"must be an array of at most {_MOST_SIZES} whole numbers from 0, {shown(sizes)} came",
            where=f"{where}.shape",
        )
    return tuple(sizes)


def _from_json(declared: TensorSpec, data: Any, where: str) -> Tensor:
    """JSON's values, flat in row-major order or nested after the shape."""
    at, shape = f"{where}.data", declared.shape
    if not isinstance(data, (list, LargeArray)):
        raise InvalidInput(f"must be an array of values, {shown(data)} came", where=at)
    first = next(data.parts(), []) if isinstance(data, LargeArray) else data
    if len(shape) > 1 and not _ARRAYS.isdisjoint(map(type, first)):
        return tensor_from_nested(declared, data, at)
    if isinstance(data, list) and len(data) != prod(shape):
        raise _miscounted(len(data), shape, at)
    flat = tensor_from_nested(
        TensorSpec(declared.name, declared.dtype, (ANY,), (), declared.nullable), data, at
    )
    if flat.size != prod(shape):
        raise _miscounted(flat.size, shape, at)
    return Tensor(declared.dtype, shape, flat.data)


def _miscounted(count: int, shape: tuple[int, ...], where: str) -> InvalidInput:
    return InvalidInput(f"has {count} values, shape {list(shape)} takes {_counted(prod(shape))}", where=where)


def _counted(count: int) -> str:
    """A number of values; the product of sizes can have hundreds of digits."""
    return f"{count:,}" if count < 1 << 63 else "more than any memory holds"


def _declared(spec: TensorSpec, tensor: Tensor, where: str) -> Tensor:
    """The tensor in the model's own type: whoever has float64 or int64 arrays, as numpy makes them, may send them."""
    if tensor.dtype is not spec.dtype:
        from onehandler.conversion import converted  # most clients know the model's type

        if tensor.dtype.family != spec.dtype.family:
            raise InvalidInput(
                f"takes {spec.dtype.name}, {tensor.dtype.name} came", where=f"{where}.datatype"
            )
        tensor = converted(spec.dtype, tensor, f"{where}.data")
    spec.check(tensor)
    return tensor
