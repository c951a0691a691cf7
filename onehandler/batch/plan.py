"""Plan: a dropped file becomes a manifest and one message a chunk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from onehandler.batch.finish import finish
from onehandler.batch.formats import format_named, name_for_key
from onehandler.batch.job import Manifest
from onehandler.batch.lines import RECORD_LIMIT
from onehandler.batch.ports import Gone, Job, Location, Status
from onehandler.errors import InvalidInput, OnehandlerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.batch.job import Drop
    from onehandler.batch.ports import Ledger, ObjectStore, Queue
    from onehandler.bundle import Bundle

REFUSED = "_REFUSED"
CHUNK_BYTES = 8 * 1024 * 1024
_LF = b"\n"


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans jobs for one bundle. May run any number of times for the same drop."""

    bundle: Bundle
    store: ObjectStore
    queue: Queue
    ledger: Ledger
    results: str  # bucket
    clock: Callable[[], float]  # seconds since 1970
    chunk_bytes: int = CHUNK_BYTES

    def plan(self, drop: Drop) -> str:
        """Write the manifest and send the chunks; give the prefix of the job's results.

        A file that cannot be scored at all gets a `_REFUSED` object that says why: sending it again would
        not help. Infrastructure errors are raised, and SettingsError for a drop in the results bucket.
        """
        if drop.source.bucket == self.results:
            raise SettingsError(
                "must be another bucket than the one that files are dropped into: scoring results would never end",
                where="ONEHANDLER_BATCH_RESULTS",
            )
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
        job = Job(manifest.job, manifest.prefix, manifest.chunks, self.clock())
        status = self.ledger.enter(job)
        if not manifest.chunks:
            finish(self.store, self.ledger, self.results, manifest)
        elif status is Status.OPEN:
            self.queue.send(list(manifest.messages()))

    def _refuse(self, prefix: str, drop: Drop, error: OnehandlerError | Gone) -> None:
        reason = str(error) or "the file was deleted or overwritten before it was read"
        body = json.dumps({"source": asdict(drop.source), "reason": reason}, indent=2)
        self.store.create(Location(self.results, prefix + REFUSED), body.encode(), "application/json")
