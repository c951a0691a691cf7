"""Plan: a dropped file becomes a manifest and one message a chunk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.batch.formats import format_named, name_for_key
from onehandler.batch.job import Manifest
from onehandler.batch.lines import RECORD_LIMIT
from onehandler.batch.ports import Gone, Location
from onehandler.errors import InvalidInput, OnehandlerError

if TYPE_CHECKING:
    from onehandler.batch.job import Drop
    from onehandler.batch.ports import ObjectStore, Queue
    from onehandler.bundle import Bundle

SUCCESS = "_SUCCESS"
REFUSED = "_REFUSED"
CHUNK_BYTES = 8 * 1024 * 1024
_LF = b"\n"


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans jobs for one bundle. May run any number of times for the same drop."""

    bundle: Bundle
    store: ObjectStore
    queue: Queue
    results: str  # bucket
    chunk_bytes: int = CHUNK_BYTES

    def plan(self, drop: Drop) -> str:
        """Write the manifest and send the chunks; give the prefix of the job's results.

        A file that cannot be scored at all gets a `_REFUSED` object that says why: sending it again would
        not help. Infrastructure errors are raised.
        """
        if drop.source.bucket == self.results:
            return ""  # our own results: scoring them would never end
        prefix = drop.prefix(self.bundle.digest)
        try:
            manifest = self._manifest(drop, prefix)
        except (OnehandlerError, Gone) as error:
            self._refuse(prefix, drop, error)
            return prefix
        self._start(manifest)
        return prefix

    def _manifest(self, drop: Drop, prefix: str) -> Manifest:
        name = name_for_key(drop.source.key)
        if not self.bundle.signature.batched:
            raise InvalidInput("this model has no row dimension; it cannot score files")
        first = self.store.read(drop.source, 0, RECORD_LIMIT + 1)
        line, newline, _ = first.partition(_LF)
        if len(line) > RECORD_LIMIT:
            raise InvalidInput(f"is longer than {RECORD_LIMIT} bytes", where="line 1")
        columns = format_named(name).header(line.removesuffix(b"\r"), self.bundle.signature) if first else []
        start = len(line) + len(newline) if columns else 0
        return Manifest(
            job=drop.job_id(self.bundle.digest),
            prefix=prefix,
            source=drop.source,
            size=drop.size,
            data_start=min(start, drop.size),
            chunk_bytes=self.chunk_bytes,
            format=name,
            columns=columns,
            bundle=self.bundle.name,
            bundle_version=self.bundle.version,
            bundle_digest=self.bundle.digest,
        )

    def _start(self, manifest: Manifest) -> None:
        where = Location(self.results, manifest.prefix + "manifest.json")
        self.store.create(where, manifest.to_json(), "application/json")
        done = Location(self.results, manifest.prefix + SUCCESS)
        if not manifest.chunks:
            self.store.create(done, summary(manifest, rows=0, failed=0), "application/json")
        elif self.store.metadata(done) is None:
            self.queue.send(list(manifest.messages()))

    def _refuse(self, prefix: str, drop: Drop, error: OnehandlerError | Gone) -> None:
        reason = str(error) or "the file was deleted or overwritten before it was read"
        body = json.dumps(
            {"source": f"s3://{drop.source.bucket}/{drop.source.key}", "reason": reason}, indent=2
        )
        self.store.create(Location(self.results, prefix + REFUSED), body.encode(), "application/json")


def summary(manifest: Manifest, rows: int, failed: int) -> bytes:
    """What `_SUCCESS` holds: the job in figures."""
    found = {
        "job": manifest.job,
        "source": {
            "bucket": manifest.source.bucket,
            "key": manifest.source.key,
            "version": manifest.source.version,
        },
        "bundle": {
            "name": manifest.bundle,
            "version": manifest.bundle_version,
            "digest": manifest.bundle_digest,
        },
        "parts": manifest.chunks,
        "rows": rows,
        "predicted": rows - failed,
        "failed": failed,
    }
    return json.dumps(found, indent=2).encode()
