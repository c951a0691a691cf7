"""A decompressed stream that ends in a refusal where a bomb would go off."""

from __future__ import annotations

from io import SEEK_SET, RawIOBase
from typing import TYPE_CHECKING

from onehandler.errors import UntrustedBundle

if TYPE_CHECKING:
    from gzip import GzipFile

_ONCE = 2 * 1024 * 1024  # tarfile reads a whole extended header at once, of whatever size it says it has


class CappedReader(RawIOBase):
    """Reads and seeks forward in `stream`, up to `limit` bytes from its start. Made for tarfile."""

    def __init__(self, stream: GzipFile, limit: int) -> None:
        super().__init__()
        self._stream = stream
        self._limit = limit
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; UntrustedBundle for more than any honest header or block has."""
        if not 0 <= size <= _ONCE:
            raise UntrustedBundle(f"has a header of {size} bytes; {_ONCE} are accepted")
        content = self._stream.read(size)
        self._advance(self._position + len(content))
        return content

    def seek(self, position: int, whence: int = SEEK_SET) -> int:
        """Skip forward. One byte back is what tarfile does to see that the last member is whole."""
        assert whence == SEEK_SET
        if position < self._position - 1:
            raise UntrustedBundle("has a member of a negative size")
        self._advance(position)
        return self._stream.seek(position)

    def tell(self) -> int:
        """Bytes from the start."""
        return self._position

    def _advance(self, position: int) -> None:
        if position > self._limit:
            raise UntrustedBundle(f"unpacks to more than {self._limit} bytes")
        self._position = position
