"""The ports of batch scoring over a folder: a bucket is a folder in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.batch.ports import Gone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onehandler.batch.ports import Location, Piece


@dataclass(frozen=True, slots=True)
class FileStore:
    """Implements ObjectStore, for one process."""

    root: Path

    def read(self, location: Location, start: int, end: int) -> bytes:
        """Bytes [start, end)."""
        try:
            with self._path(location).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except FileNotFoundError:
            raise Gone from None

    def create(
        self, location: Location, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Write unless there."""
        del content_type
        path = self._path(location)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(body)
        except FileExistsError:
            return False
        self._metadata(path).write_text(json.dumps(dict(metadata or {})))
        return True

    def metadata(self, location: Location) -> Mapping[str, str] | None:
        """What it was created with."""
        try:
            found: dict[str, str] = json.loads(self._metadata(self._path(location)).read_text())
        except FileNotFoundError:
            return {} if self._path(location).exists() else None
        return found

    def size(self, location: Location) -> int | None:
        """Bytes."""
        try:
            return self._path(location).stat().st_size
        except FileNotFoundError:
            return None

    def join(self, location: Location, head: bytes, pieces: Sequence[Piece], content_type: str) -> bool:
        """Put together in memory."""
        bodies = [self.read(piece.location, piece.start, piece.end) for piece in pieces]
        return self.create(location, head + b"".join(bodies), content_type)

    def _path(self, location: Location) -> Path:
        return self.root / location.bucket / location.key

    def _metadata(self, path: Path) -> Path:
        return path.with_name(path.name + ".metadata")
