"""Job, chunk and manifest: what plan tells score, and where everything lies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from onehandler.batch.ports import Location
from onehandler.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY_BYTES = 900  # S3 keys have at most 1,024; the rest is ours


@dataclass(frozen=True, slots=True)
class Drop:
    """A file that arrived."""

    source: Location
    size: int  # bytes

    def job_id(self, bundle_digest: str) -> str:
        """The same file state and the same bundle are the same job: 32 hexadecimal digits."""
        state = self.source.version or self.source.etag
        parts = (self.source.bucket, self.source.key, state, bundle_digest)
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def prefix(self, bundle_digest: str) -> str:
        """Where the job's results go: the dropped key, then the job id."""
        key = self.source.key.encode()[:_KEY_BYTES].decode(errors="ignore").strip("/")
        return f"{key}/{self.job_id(bundle_digest)}/"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a scorer must know of a job. `columns` are the header's names ([] where rows name them)."""

    job: str
    prefix: str
    source: Location
    size: int
    data_start: int  # first byte after the header
    chunk_bytes: int
    format: str
    columns: list[str]
    bundle: str
    bundle_version: str
    bundle_digest: str

    @property
    def chunks(self) -> int:
        """How many byte ranges the rows are split into."""
        return -(-(self.size - self.data_start) // self.chunk_bytes)

    def range_of(self, chunk: int) -> tuple[int, int]:
        """The byte range [start, end) whose records a chunk owns."""
        start = self.data_start + chunk * self.chunk_bytes
        return start, min(start + self.chunk_bytes, self.size)

    def part_name(self, chunk: int, extension: str) -> str:
        """Object key of a chunk's results."""
        return f"{self.prefix}part-{chunk:05d}.{extension}"

    def messages(self) -> Iterator[str]:
        """One queue message a chunk."""
        for chunk in range(self.chunks):
            yield json.dumps({"manifest": self.prefix + "manifest.json", "chunk": chunk})

    def to_json(self) -> bytes:
        """As written to manifest.json."""
        return json.dumps({**asdict(self), "chunks": self.chunks}, indent=2).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Manifest:
        """Read manifest.json; it is our own writing, so a fault in it is a BundleError, not a row's."""
        found: dict[str, Any] = json.loads(content)
        found.pop("chunks", None)
        try:
            return cls(**{**found, "source": Location(**found["source"])})
        except (KeyError, TypeError) as error:
            raise BundleError(f"was written by another version: {error}", where="manifest.json") from None
