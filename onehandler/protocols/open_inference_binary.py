"""The binary tensor data extension: a body that is JSON and, after it, tensors as bytes, in both directions.

Numbers are little-endian in row-major order; a string is its length in four bytes and its UTF-8. The header
Inference-Header-Content-Length tells how many bytes are JSON. With 0, the whole body is the model's only input.
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

from math import prod

from onehandler.codecs import json
from onehandler.codecs.compression import decoded
from onehandler.errors import InvalidInput, MalformedBody, shown
from onehandler.message import Response
from onehandler.protocols.binary import tensors_from_body
from onehandler.protocols.one_row import image_type, in_base64
from onehandler.protocols.open_inference_types import LENGTH_HEADER
from onehandler.signature import ANY, IMAGE
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from onehandler.dtypes import DType
    from onehandler.message import Request
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Buffer, Tensors

CONTENT_TYPE = "application/octet-stream"
_PREFIX = 4  # bytes of a string's length
_BEGINNING = 16  # bytes that tell an image's file from its base64


class Tail:
    """The bytes after the JSON, taken tensor by tensor in the order of `inputs`."""

    __slots__ = ("_next", "_view")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._next = 0

    def tensor(self, spec: TensorSpec, dtype: DType, shape: tuple[int, ...], size: Any, where: str) -> Tensor:
        """The next `size` bytes as a tensor for this input, of the type and shape that the client says."""
        at = f"{where}.parameters.binary_data_size"
        if type(size) is not int or size < 0:
            raise InvalidInput(f"must be a whole number of bytes, {shown(size)} came", where=at)
        left = len(self._view) - self._next
        if size > left:
            raise InvalidInput(f"says more bytes than came: {left:,} are left after the JSON", where=at)
        data = self._view[self._next : self._next + size]
        self._next += size
        if not dtype.bits:
            return Tensor(dtype, shape, _strings(spec, data, prod(shape), where))
        _check_numbers(dtype, shape, data, where)
        return Tensor(dtype, shape, data)

    def require_end(self) -> None:
        """Refuse bytes that no input claims."""
        left = len(self._view) - self._next
        if left:
            raise MalformedBody(
                f"has {left:,} bytes after the JSON that no input's binary_data_size says", where="body"
            )


def split(request: Request, limit: int) -> tuple[bytes, Tail]:
    """The JSON and the bytes after it, of a request with the header; `limit` bounds both together."""
    body = decoded(request.body, request.headers.get("content-encoding", ""), limit)
    length = _length(request.headers[LENGTH_HEADER], len(body))
    return body[:length], Tail(memoryview(body)[length:])


def is_raw(request: Request) -> bool:
    """Whether the body is the model's only input, without any JSON."""
    return request.headers.get(LENGTH_HEADER, "").strip() == "0"


def raw_tensors(signature: Signature, request: Request, limit: int) -> Tensors:
    """The model's only input from a body without JSON: numbers in any number of rows, or one string."""
    body = decoded(request.body, request.headers.get("content-encoding", ""), limit)
    if len(signature.inputs) > 1:
        raise InvalidInput(
            f"the model takes {len(signature.inputs)} inputs; a body without JSON can be one alone",
            where=LENGTH_HEADER,
        )
    if not body:
        raise MalformedBody("is empty; send the input's bytes", where="body")
    spec = signature.inputs[0]
    if spec.dtype.bits:
        return tensors_from_body(signature, request, body)
    shape = tuple(1 if size == ANY else size for size in spec.shape)
    if prod(shape) != 1:
        raise InvalidInput(
            f"a body without JSON is one string, the model takes {spec.shape_text}", where=LENGTH_HEADER
        )
    return {spec.name: Tensor(spec.dtype, shape, [_text(spec, body, "body")])}


def packed(tensor: Tensor) -> Buffer:
    """A tensor's bytes as this extension has them."""
    if not isinstance(tensor.data, list):
        return tensor.data
    parts = bytearray()
    for text in tensor.data:
        raw = text.encode()
        parts += len(raw).to_bytes(_PREFIX, "little")
        parts += raw
    return parts


def response(answer: Any, parts: Sequence[Buffer], rows: int) -> Response:
    """JSON and, after it, these tensors."""
    head = json.dumps(answer, tokens=True)
    headers = {"content-type": CONTENT_TYPE, LENGTH_HEADER: str(len(head))}
    return Response(200, headers, b"".join([head, *parts]), rows)


def _length(value: str, most: int) -> int:
    digits = value.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 18 or int(digits) > most:
        raise MalformedBody(
            f"must be a whole number of bytes, at most the body's {most:,}", where=LENGTH_HEADER
        )
    return int(digits)


def _check_numbers(dtype: DType, shape: tuple[int, ...], data: memoryview, where: str) -> None:
    count = prod(shape)
    if len(data) * 8 != count * dtype.bits:
        raise InvalidInput(
            f"has {len(data):,} bytes, which are not the {dtype.bits // 8} a value that its shape takes",
            where=where,
        )
    if dtype.name == "bool" and max(data, default=0) > 1:
        raise InvalidInput("holds a BOOL that is neither 0 nor 1", where=where)


def _strings(spec: TensorSpec, data: memoryview, count: int, where: str) -> list[str]:
    """As many strings as the bytes hold, if that is `count`."""
    found: list[str] = []
    begin = 0
    while begin < len(data):
        start = begin + _PREFIX
        end = start + int.from_bytes(data[begin:start], "little")
        if start > len(data) or end > len(data):
            raise InvalidInput(f"its string {len(found)} is cut off", where=where)
        found.append(_text(spec, data[start:end], f"{where}[{len(found)}]"))
        begin = end
    if len(found) != count:
        raise InvalidInput(
            f"holds {len(found):,} strings, which are not as many as its shape takes", where=where
        )
    return found


def _text(spec: TensorSpec, data: bytes | memoryview, where: str) -> str:
    """A string as the model takes it; an image's file in base64, which it may have come in."""
    if spec.media == IMAGE and image_type(bytes(data[:_BEGINNING])):
        return in_base64(bytes(data))
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("BYTES must be UTF-8 here: the model takes texts", where=where) from None
