"""A file that is read by range, as programs want it that seek and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onehandler.batch.inputs import File


class Ranged:
    """A file as pyarrow reads one."""

    closed = False

    def __init__(self, file: File) -> None:
        self._file = file
        self._position = 0

    def read(self, count: int = -1) -> bytes:
        """Up to so many bytes; all the rest below 0."""
        end = self._file.size if count < 0 else min(self._position + count, self._file.size)
        data = self._file.read(self._position, end)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As io has it."""
        self._position = offset + (0, self._position, self._file.size)[whence]
        return self._position

    def tell(self) -> int:
        """Bytes from the start."""
        return self._position

    def size(self) -> int:
        """Bytes in all."""
        return self._file.size

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Nothing is open."""
