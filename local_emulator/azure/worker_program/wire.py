"""Frames between host and worker: a JSON document, and after it the byte strings that stood in it.

Not pickle: what an app's process sends is data to the host, never code.
"""

from __future__ import annotations

import json
import struct
from typing import Any

_SIZES = struct.Struct("<IQ")  # of the JSON text, and of the byte strings together
HEADER = _SIZES.size
_MARK = "$bytes"  # stands in the document for [offset, length]


class Sizes:
    """A frame's header."""

    __slots__ = ("parts", "text")

    def __init__(self, header: bytes) -> None:
        self.text, self.parts = _SIZES.unpack(header)

    @property
    def total(self) -> int:
        """How many bytes follow."""
        return int(self.text + self.parts)


def encode(document: dict[str, Any]) -> bytes:
    """Give the frame of a document of JSON values and `bytes`."""
    parts: list[bytes] = []
    length = 0

    def set_aside(value: object) -> dict[str, list[int]]:
        nonlocal length
        if not isinstance(value, (bytes, bytearray)):
            raise TypeError(f"a frame holds JSON values and bytes; {type(value).__name__} was given")
        parts.append(bytes(value))
        length += len(value)
        return {_MARK: [length - len(value), len(value)]}

    text = json.dumps(document, default=set_aside, separators=(",", ":")).encode()
    return b"".join((_SIZES.pack(len(text), length), text, *parts))


def decode(sizes: Sizes, data: bytes) -> dict[str, Any]:
    """Give the document of a frame without its header."""

    def put_back(value: dict[str, Any]) -> Any:
        # Whatever names others choose (headers, parameters) have strings for values, never lists.
        where = value.get(_MARK) if len(value) == 1 else None
        if not isinstance(where, list):
            return value
        offset, length = where
        return data[sizes.text + offset : sizes.text + offset + length]

    document: dict[str, Any] = json.loads(data[: sizes.text], object_hook=put_back)
    return document
