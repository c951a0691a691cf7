"""NumPy results: one record a row with row, offset, the model's outputs by name, and error.

Records have a fixed size, so only numbers can be written, an error is cut to 80 bytes, and a row that has one holds
NaN or 0 where its outputs would be. numpy.load reads it without pickles.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING, Any

from onehandler.batch.results import columns_of, flat, flat_types
from onehandler.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onehandler.batch.inputs import Block, Layout
    from onehandler.batch.results import Result
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

_ERROR = 80  # bytes
_DESCR = {"f": "<f4", "d": "<f8", "b": "|i1", "B": "|u1", "h": "<i2", "H": "<u2", "i": "<i4", "I": "<u4",
          "q": "<i8", "Q": "<u8", "?": "|b1"}  # fmt: skip
_SHAPE = re.compile(rb"'shape': \((\d+),\)")
_ALIGNED = 64  # bytes; what numpy.save pads a header to
_PREFIX = 10  # bytes of magic, version and length
_HEADER = 16 * 1024  # bytes read of a part


class Npy:
    """The format of .npy."""

    extension = "npy"
    content_type = "application/x-npy"

    def check(self, signature: Signature, carry: Sequence[str]) -> None:
        """Numbers in flat columns, nothing carried."""
        if carry:
            raise InvalidInput("nothing can be carried into npy results; ask for output csv", where="carry")
        text = [name for name, code in _codes(signature).items() if not code]
        if text:
            raise InvalidInput(
                f"npy results hold numbers, and '{text[0]}' is none; ask for another, as csv", where="output"
            )

    def writer(self, signature: Signature, layout: Layout) -> NpyWriter:  # noqa: ARG002
        """Empty."""
        return NpyWriter(signature, _codes(signature))

    def failed(self, body: bytes) -> Iterator[tuple[int, int, str]]:
        """The error is the record's last field."""
        start = self.head_size(body[:_HEADER]) or 0
        matched = _SHAPE.search(body, 0, start)
        count = int(matched[1]) if matched else 0
        size = (len(body) - start) // count if count else 0
        for first in range(start, len(body), size or 1):
            row, offset = Struct("<qq").unpack_from(body, first)
            error = body[first + size - _ERROR : first + size].rstrip(b"\0")
            yield row, offset, error.decode(errors="replace")

    def head_size(self, beginning: bytes) -> int | None:
        """As the header tells."""
        return _PREFIX + int.from_bytes(beginning[8:_PREFIX], "little")

    def joined_head(self, head: bytes, rows: int) -> bytes:
        """The same with the sum of all rows."""
        text = _SHAPE.sub(b"'shape': (%d,)" % rows, head[_PREFIX:]).rstrip()
        return _head(text)


class NpyWriter:
    """Implements Writer."""

    def __init__(self, signature: Signature, codes: dict[str, str]) -> None:
        self._signature = signature
        self._codes = codes
        self._record = Struct(f"<qq{''.join(codes.values())}{_ERROR}s")
        self._rows = 0
        self._pieces: list[bytes] = []
        self._blank = [float("nan") if code in "fd" else 0 for code in codes.values()]

    def block(self, first: int, block: Block, outputs: Tensors) -> None:
        """Record by record."""
        columns = columns_of(self._signature, outputs)
        numbers = range(first, first + len(block.offsets))
        rows = zip(numbers, block.offsets, *columns, strict=True)
        self._pieces += [self._record.pack(*row, b"") for row in rows]
        self._rows += len(numbers)

    def results(self, results: Sequence[Result]) -> None:
        """Outputs or an error."""
        for result in results:
            values: list[Any] = self._blank
            error = b""
            if result.error is None:
                values = flat(result.prediction, self._signature)
            else:
                error = _cut(str(result.error))
            self._pieces.append(self._record.pack(result.row, result.offset, *values, error))
        self._rows += len(results)

    def body(self) -> bytes:
        """Header and records."""
        fields = [
            ("row", "<i8"),
            ("offset", "<i8"),
            *((name, _DESCR[code]) for name, code in self._codes.items()),
        ]
        descr = [*fields, ("error", f"|S{_ERROR}")]
        header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': ({self._rows},), }}"
        return b"".join([_head(header.encode()), *self._pieces])


def _codes(signature: Signature) -> dict[str, str]:
    """struct's letter for each flat column; "" for what isn't a number of Python's."""
    return {
        name: ("?" if dtype.name == "bool" else dtype.typecode if dtype.native else "") if single else ""
        for name, dtype, single in flat_types(signature)
    }


def _head(text: bytes) -> bytes:
    size = -(-(_PREFIX + len(text) + 1) // _ALIGNED) * _ALIGNED
    return (
        b"\x93NUMPY\x01\x00" + (size - _PREFIX).to_bytes(2, "little") + text.ljust(size - _PREFIX - 1) + b"\n"
    )


def _cut(text: str) -> bytes:
    """Whole characters of a message, as many as fit; it has no zero bytes."""
    encoded = text.replace("\0", " ").encode(errors="replace")
    if len(encoded) <= _ERROR:
        return encoded
    return encoded[: _ERROR - 3].decode(errors="ignore").encode() + "…".encode()


OUTPUT = Npy()
