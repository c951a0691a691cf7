"""Weights in a file of their own beside the graph, which ONNX Runtime maps into memory instead of copying.

Inside the graph they are parsed, copied and laid out anew: 190 ms for 100 MB, and twice their size in memory at
worst. Mapped and left as they are: 4 ms, and pages are read when a run first needs them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from onehandler.bundle_names import check_name
from onehandler.convert.graph import initializers, tensors
from onehandler.errors import BundleError, ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.convert import Candidate

LARGE = 4 * 1024 * 1024  # bytes of weights; 5 MB gain 10 ms of a first answer, 30 MB 60 ms
LOCATION = "model.onnx.data"
_PAGE = 4096  # what is mapped starts at one; what is smaller stays in the graph
_BLOCK = 1024 * 1024
_BITS = {
    onnx.TensorProto.UINT4: 4,
    onnx.TensorProto.INT4: 4,
    onnx.TensorProto.FLOAT4E2M1: 4,
}  # less than a byte


@dataclass(frozen=True, slots=True)
class _Piece:
    """One tensor's bytes: given, or a range of a file."""

    size: int
    content: bytes = b""
    source: Path | None = None
    start: int = 0

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, some at a time; ConversionError when the file ends early."""
        if self.source is None:
            yield self.content
            return
        left = self.size
        with self.source.open("rb") as file:
            file.seek(self.start)
            while left and (block := file.read(min(_BLOCK, left))):
                left -= len(block)
                yield block
        if left:
            raise ConversionError("changed while it was read", where=str(self.source))


@dataclass(slots=True)
class Weights:
    """The bytes of one such file. Implements onehandler.bundle_writer.Content."""

    _pieces: list[_Piece] = field(default_factory=list)
    _size: int = 0

    def add(self, piece: _Piece) -> int:
        """Put a tensor at the end, at the start of a page, and say where that is."""
        self._size += -self._size % _PAGE
        start = self._size
        self._pieces.append(piece)
        self._size += piece.size
        return start

    def blocks(self) -> Iterator[bytes]:
        """The file's bytes, some at a time."""
        written = 0
        for piece in self._pieces:
            padding = -written % _PAGE
            yield bytes(padding)
            yield from piece.blocks()
            written += padding + piece.size


def apart(candidate: Candidate) -> Candidate:
    """The candidate with large weights beside its graph."""
    if candidate.weights is not None or len(candidate.model) < LARGE or not candidate.name.endswith(".onnx"):
        return candidate
    model = onnx.load_from_string(candidate.model)
    weights = separated(model, Path())
    if weights is None:
        return candidate
    return replace(candidate, model=model.SerializeToString(deterministic=True), weights=weights)


def separated(model: onnx.ModelProto, folder: Path) -> Weights | None:
    """Move large tensors out of the graph and rename where others lie, all to LOCATION; None when few bytes.

    `folder` is the model's own, below which its weights must lie. Raises ConversionError.
    """
    outside = [tensor for tensor in tensors(model.graph) if uses_external_data(tensor)]
    inside = [tensor for tensor in initializers(model.graph) if _movable(tensor)]
    if not outside and sum(map(_size_of, inside)) < LARGE:
        return None
    weights = Weights()
    for tensor in outside:
        _relocate(tensor, _piece_of(tensor, folder), weights)
    for tensor in inside:
        _relocate(tensor, _Piece(_size_of(tensor), _raw(tensor)), weights)
    return weights


def _movable(tensor: onnx.TensorProto) -> bool:
    fixed = tensor.data_type not in (onnx.TensorProto.STRING, onnx.TensorProto.UNDEFINED)
    return fixed and not uses_external_data(tensor) and _size_of(tensor) >= _PAGE


def _relocate(tensor: onnx.TensorProto, piece: _Piece, weights: Weights) -> None:
    for name in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
        tensor.ClearField(name)
    del tensor.external_data[:]
    if piece.size < _PAGE:
        tensor.data_location = onnx.TensorProto.DEFAULT
        tensor.raw_data = b"".join(piece.blocks())
        return
    tensor.data_location = onnx.TensorProto.EXTERNAL
    told = {"location": LOCATION, "offset": weights.add(piece), "length": piece.size}
    for key, value in told.items():
        tensor.external_data.add(key=key, value=str(value))


def _piece_of(tensor: onnx.TensorProto, folder: Path) -> _Piece:
    """Where an outer tensor's bytes lie; ConversionError when they are elsewhere, too few or too many."""
    info = ExternalDataInfo(tensor)
    source, where = _source(info.location, folder), f"weights of '{tensor.name}'"
    start, size = info.offset or 0, _size_of(tensor)
    if info.length not in (None, size):
        raise ConversionError(f"have {info.length} bytes, their shape needs {size}", where=where)
    if start < 0 or start + size > source.stat().st_size:
        raise ConversionError(
            f"end at byte {start + size} of {source.name}, which has {source.stat().st_size}; copy it again",
            where=where,
        )
    return _Piece(size, source=source, start=start)


def _source(location: str, folder: Path) -> Path:
    try:
        check_name(location)
    except BundleError:
        raise ConversionError(
            f"keeps weights in {location!r:.100}; save it again with its weights in its own folder"
        ) from None
    source = folder / location
    if not source.is_file() or not source.resolve().is_relative_to(folder.resolve()):
        raise ConversionError(
            f"keeps weights in '{location}', which is no file beside it; copy it there", where=str(folder)
        )
    return source


def _size_of(tensor: onnx.TensorProto) -> int:
    if tensor.HasField("raw_data"):
        return len(tensor.raw_data)
    bits = _BITS.get(tensor.data_type)
    count: int = math.prod(tensor.dims)
    return (count * bits + 7) // 8 if bits else count * _item_size(tensor)


def _item_size(tensor: onnx.TensorProto) -> int:
    try:
        return int(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize)
    except (KeyError, TypeError, ValueError):
        raise ConversionError(
            "have a type that is not known here", where=f"weights of '{tensor.name}'"
        ) from None


def _raw(tensor: onnx.TensorProto) -> bytes:
    if not tensor.HasField("raw_data"):
        tensor = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor))
    return bytes(tensor.raw_data)
