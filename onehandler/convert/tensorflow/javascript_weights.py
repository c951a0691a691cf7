"""Weights of TensorFlow.js: shards beside model.json, cut into arrays, some in fewer bits than they stand for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.bundle_names import check_name
from onehandler.errors import BundleError, ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Array = np.ndarray[Any, Any]

_TYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "bool": "?"}


def read_weights(manifest: Any, path: Path) -> dict[str, Array]:
    """All weights by name. ConversionError where the manifest or a shard isn't whole, or leads out of the folder."""
    found: dict[str, Array] = {}
    try:
        for group in manifest:
            content = b"".join(_shard(each, path).read_bytes() for each in group["paths"])
            found |= _cut(content, group["weights"], path)
    except (KeyError, TypeError, AttributeError):
        raise ConversionError(
            "has a weightsManifest that makes no sense; convert the model again", where=str(path)
        ) from None
    return found


def _shard(name: str, path: Path) -> Path:
    folder = path.parent
    try:
        check_name(name)
    except BundleError:
        raise ConversionError(
            f"keeps weights in {name!r:.100}, outside of its folder", where=str(path)
        ) from None
    shard = folder / name
    if not shard.is_file() or not shard.resolve().is_relative_to(folder.resolve()):
        raise ConversionError(
            f"keeps weights in '{name}', which is no file beside it; copy it there", where=str(path)
        )
    return shard


def _cut(content: bytes, entries: Sequence[Mapping[str, Any]], path: Path) -> dict[str, Array]:
    """The weights of one group of shards, one after the other."""
    found: dict[str, Array] = {}
    start = 0
    for entry in entries:
        name, shape = str(entry["name"]), tuple(int(size) for size in entry["shape"])
        count = math.prod(shape)
        if entry["dtype"] == "string":
            texts, start = _texts(content, start, count, name, path)
            found[name] = np.array(texts, dtype=object).reshape(shape)
            continue
        quantization = entry.get("quantization") or {}
        stored = _type(quantization.get("dtype", entry["dtype"]), name, path)
        size = count * stored.itemsize
        _require(min(shape, default=0) >= 0 and start + size <= len(content), name, path)
        array = np.frombuffer(content, stored, count, start).reshape(shape)
        found[name] = _restored(array, quantization, _type(entry["dtype"], name, path))
        start += size
    _require(start == len(content), "the end", path)
    return found


def _restored(array: Array, quantization: Mapping[str, Any], kind: np.dtype[Any]) -> Array:
    """The numbers that quantized ones stand for."""
    if "scale" not in quantization:
        return array.astype(kind)
    numbers = array.astype(np.float32) * np.float32(quantization["scale"]) + np.float32(quantization["min"])
    return numbers.round().astype(kind) if kind.kind in "iu" else numbers.astype(kind)


def _texts(content: bytes, start: int, count: int, name: str, path: Path) -> tuple[list[bytes], int]:
    """Each with its length before it, in four bytes."""
    found = []
    for _ in range(count):
        _require(start + 4 <= len(content), name, path)
        size = int.from_bytes(content[start : start + 4], "little")
        start += 4 + size
        _require(start <= len(content), name, path)
        found.append(content[start - size : start])
    return found, start


def _type(name: Any, weight: str, path: Path) -> np.dtype[Any]:
    if name not in _TYPES:
        raise ConversionError(
            f"'{weight[:100]}' has the type {name!r:.40}; known are {', '.join(_TYPES)} and string",
            where=str(path),
        )
    return np.dtype(_TYPES[name])


def _require(fits: bool, name: str, path: Path) -> None:
    if not fits:
        raise ConversionError(
            f"has weights of another size than its shards, at '{name[:100]}'; copy the whole folder again",
            where=str(path),
        )
