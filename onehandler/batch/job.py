"""Job, task and manifest: what plan tells score, and where everything lies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from onehandler.batch.inputs import Layout
from onehandler.batch.ports import Gone, Location
from onehandler.errors import BundleError, MalformedBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onehandler.batch.options import Options
    from onehandler.batch.ports import ObjectStore

_KEY_BYTES = 900  # S3 keys have at most 1,024; the rest is ours
_MANIFEST_LIMIT = 16 * 1024 * 1024
COUNTING = ":quotes"  # ends the ledger's name of the part of a job that comes before its chunks can be read


@dataclass(frozen=True, slots=True)
class Drop:
    """A file that arrived."""

    source: Location
    size: int  # bytes

    def job_id(self, bundle_digest: str, options: Options | None = None) -> str:
        """The same file state, bundle and options are the same job: 32 hexadecimal digits."""
        state = self.source.version or self.source.etag
        parts = [self.source.bucket, self.source.key, state, bundle_digest]
        told = options.told() if options else ""
        parts += [told] if told else []
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def prefix(self, job: str) -> str:
        """Where a job's results go: the dropped key, then the job id."""
        key = self.source.key.encode(errors="replace")[:_KEY_BYTES].decode(errors="ignore").strip("/")
        return f"{key}/{job}/"


@dataclass(frozen=True, slots=True)
class Task:
    """One message to whoever scores: a chunk to be scored, or one whose quotes are to be counted."""

    manifest: str  # key
    chunk: int
    counting: bool = False

    def to_json(self) -> str:
        """As sent."""
        step = {"step": "count quotes"} if self.counting else {}
        return json.dumps({"manifest": self.manifest, "chunk": self.chunk, **step})

    @classmethod
    def from_json(cls, body: str) -> Task:
        """As received. Raises MalformedBody."""
        try:
            found = json.loads(body)
        except ValueError as error:
            raise MalformedBody(f"is not JSON: {error}") from None
        manifest, chunk = (
            (found.get("manifest"), found.get("chunk")) if isinstance(found, dict) else (None, None)
        )
        if not isinstance(manifest, str) or type(chunk) is not int or chunk < 0:
            raise MalformedBody("is not a chunk message: it needs 'manifest' and 'chunk'")
        return cls(manifest, chunk, "step" in found)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a scorer must know of a job."""

    job: str
    prefix: str
    source: Location
    size: int  # bytes of the source
    format: str
    output: str
    single: bool  # one file of all results, too
    layout: Layout
    bundle: str
    bundle_version: str
    bundle_digest: str

    @property
    def key(self) -> str:
        """The manifest's own."""
        return self.prefix + "manifest.json"

    @property
    def chunks(self) -> int:
        """How many chunks the rows are split into."""
        return self.layout.chunks

    @property
    def counted_first(self) -> bool:
        """Whether the chunks' quotes must be counted before their rows can be found."""
        return self.layout.quoted and self.chunks > 1

    def part_name(self, chunk: int, extension: str) -> str:
        """Object key of a chunk's results."""
        return f"{self.prefix}part-{chunk:05d}.{extension}"

    def tasks(self, chunks: Iterable[int], *, counting: bool = False) -> Iterator[str]:
        """One message a chunk."""
        return (Task(self.key, chunk, counting).to_json() for chunk in chunks)

    def to_json(self) -> bytes:
        """As written to manifest.json."""
        return json.dumps({**asdict(self), "chunks": self.chunks}, indent=2).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Manifest:
        """Read manifest.json; it is our own writing, so a fault in it is a BundleError, not a row's."""
        found: dict[str, Any] = json.loads(content)
        found.pop("chunks", None)
        try:
            nested = {"source": Location(**found["source"]), "layout": Layout(**found["layout"])}
            return cls(**{**found, **nested})
        except (KeyError, TypeError) as error:
            raise BundleError(f"was written by another version: {error}", where="manifest.json") from None

    @classmethod
    def at(cls, store: ObjectStore, bucket: str, key: str) -> Manifest:
        """Read one from a store. NotFound when it is gone."""
        try:
            content = store.read(Location(bucket, key), 0, _MANIFEST_LIMIT)
        except Gone:
            raise NotFound("the job's results have been deleted", where=f"{bucket}/{key}") from None
        return cls.from_json(content)
