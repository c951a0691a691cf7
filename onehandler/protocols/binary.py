"""Tensors that come as bytes: the body itself, raw or as .npy, or base64 within JSON.

An image of 224 x 224 x 3 float32 has 602 KB so, and as nested numbers 3 MB that take much longer to read.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from math import prod

from onehandler.errors import InvalidInput, UnsupportedType, shown
from onehandler.large_array import listed
from onehandler.signature import ANY
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from onehandler.message import Request
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Buffer, Tensors

_MOST_SIZES = 32


def tensors_from_body(signature: Signature, request: Request, body: bytes) -> Tensors:
    """The model's only input from a body that is its bytes, or a .npy file."""
    from onehandler.codecs import npy  # JSON is what most clients send

    if len(signature.inputs) > 1:
        raise UnsupportedType(
            f"the model takes {len(signature.inputs)} inputs: send JSON, each as {{'base64': …}}",
            where="content-type",
        )
    spec = signature.inputs[0]
    if request.content_type == npy.CONTENT_TYPE:
        return {spec.name: _as_declared(spec, npy.loads(body), "body")}
    return {spec.name: _from_bytes(spec, body, _shape_asked(request.query), "body")}


def tensor_from_base64(spec: TensorSpec, found: Mapping[str, Any], where: str) -> Tensor:
    """{"base64": "…", "shape": […]}: little-endian values; the shape only where it doesn't follow from their number."""
    if not found.keys() <= {"base64", "shape"} or not isinstance(found["base64"], str):
        raise InvalidInput("must be an object with a string 'base64' and maybe 'shape'", where=where)
    try:
        data = a2b_base64(_padded(found["base64"]), strict_mode=True)
    except (Base64Error, ValueError):
        raise InvalidInput("is not base64 (RFC 4648, section 4)", where=f"{where}.base64") from None
    return _from_bytes(spec, data, found.get("shape"), where)


def _padded(text: str) -> str:
    """The text, if its length is right. Raises ValueError: Python 3.11 takes any number of "=" at the end."""
    if len(text) % 4 or text.endswith("==="):
        raise ValueError("wrong padding")
    return text


def _from_bytes(spec: TensorSpec, data: Buffer, shape: Any, where: str) -> Tensor:
    """A tensor of raw values, of the given shape or of the one that their number tells."""
    _refuse_strings(spec, where)
    known = _inferred(spec, len(data), where) if shape is None else _sizes(shape, where)
    if len(data) != spec.dtype.nbytes(prod(known)):
        raise InvalidInput(
            f"{spec.dtype.name}{list(known)} takes {spec.dtype.nbytes(prod(known)):,} bytes, {len(data):,} came",
            where=where,
        )
    if spec.dtype.name == "bool" and max(data, default=0) > 1:
        raise InvalidInput("holds a bool that is neither 0 nor 1", where=where)
    return _as_declared(spec, Tensor(spec.dtype, known, data), where)


def _refuse_strings(spec: TensorSpec, where: str) -> None:
    if not spec.dtype.bits:
        raise InvalidInput("strings have no raw bytes; send them as JSON", where=where)


def _inferred(spec: TensorSpec, nbytes: int, where: str) -> tuple[int, ...]:
    """The shape, when at most one dimension may be any."""
    row = prod(size for size in spec.shape if size != ANY) * spec.dtype.bits
    if spec.shape.count(ANY) > 1 or (ANY in spec.shape and not row):
        raise InvalidInput(
            f"the model takes {spec.shape_text}; say which shape this is (shape=1,224,224,3 in the query, "
            "or 'shape' beside 'base64')",
            where=where,
        )
    count, rest = divmod(nbytes * 8, row) if row else (0, 0)
    if rest and ANY in spec.shape:
        raise InvalidInput(
            f"{nbytes:,} bytes are no whole number of rows of {row // 8:,} bytes "
            f"({spec.dtype.name}{spec.shape_text})",
            where=where,
        )
    return tuple(count if size == ANY else size for size in spec.shape)


def _shape_asked(query: str) -> list[int] | None:
    """The sizes in `shape=1,224,224,3` of a query; None without."""
    if not query:
        return None
    from urllib.parse import parse_qs  # raw bodies rarely need it

    found = parse_qs(query).get("shape")
    if found is None:
        return None
    sizes = found[-1].split(",")
    if not all(size.isascii() and size.isdecimal() and len(size) < 19 for size in sizes):
        raise InvalidInput(
            "must be sizes with commas between them, as shape=1,224,224,3", where="query shape"
        )
    return [int(size) for size in sizes]


def _sizes(shape: Any, where: str) -> tuple[int, ...]:
    shape = listed(shape, _MOST_SIZES)
    fits = isinstance(shape, list) and len(shape) <= _MOST_SIZES
    if not fits or not all(type(size) is int and size >= 0 for size in shape):
        raise InvalidInput(
            f"must be an array of whole numbers from 0, {shown(shape)} came", where=f"{where}.shape"
        )
    return tuple(shape)


def _as_declared(spec: TensorSpec, tensor: Tensor, where: str) -> Tensor:
    """The tensor in the model's type (float64, as numpy makes them, may become float32) and shape."""
    _refuse_strings(spec, where)
    if tensor.dtype is not spec.dtype:
        if tensor.dtype.family != spec.dtype.family:
            raise InvalidInput(f"takes {spec.dtype.name}, {tensor.dtype.name} came", where=where)
        from onehandler.conversion import converted  # most clients know the model's type

        tensor = converted(spec.dtype, tensor, where)
    spec.check(tensor)
    if 0 in tensor.shape:
        raise InvalidInput("holds no row; send at least one", where=where)
    return tensor
