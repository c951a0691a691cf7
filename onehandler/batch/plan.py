"""Plan: a dropped file becomes a manifest and one message a chunk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from onehandler.batch.finish import finish
from onehandler.batch.inputs import Asked, File, input_named, name_for_key
from onehandler.batch.job import COUNTING, Manifest
from onehandler.batch.joining import MOST_PARTS
from onehandler.batch.options import Options
from onehandler.batch.outputs import output_named
from onehandler.batch.ports import Gone, Job, Location, Status
from onehandler.errors import InvalidInput, OnehandlerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.batch.inputs import Layout
    from onehandler.batch.job import Drop
    from onehandler.batch.ports import Ledger, ObjectStore, Queue
    from onehandler.bundle import Bundle

REFUSED = "_REFUSED"
CHUNK_BYTES = 8 * 1024 * 1024


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
        try:
            manifest = self._manifest(drop)
        except (OnehandlerError, Gone) as error:
            return self._refuse(drop, error)
        self._start(manifest)
        return manifest.prefix

    def _manifest(self, drop: Drop) -> Manifest:
        options = self._options(drop)
        job = drop.job_id(self.bundle.digest, options)
        name = name_for_key(drop.source.key)
        output = options.output or name
        layout = self._layout(drop, name, options)
        _check_output(self.bundle, output, layout, options)
        return Manifest(
            job=job,
            prefix=drop.prefix(job),
            source=drop.source,
            size=drop.size,
            format=name,
            output=output,
            single=options.single,
            layout=layout,
            bundle=self.bundle.name,
            bundle_version=self.bundle.version,
            bundle_digest=self.bundle.digest,
        )

    def _options(self, drop: Drop) -> Options:
        metadata = self.store.metadata(drop.source)
        if metadata is None:
            raise Gone
        return Options.read(metadata)

    def _layout(self, drop: Drop, name: str, options: Options) -> Layout:
        if not self.bundle.signature.batched:
            raise InvalidInput("this model has no row dimension; it cannot score files")

        def read(start: int, end: int) -> bytes:
            return self.store.read(drop.source, start, min(end, drop.size))

        asked = Asked(self.chunk_bytes, options.carry, options.quoted_newlines)
        return input_named(name).layout(File(read, drop.size), self.bundle.signature, asked)

    def _start(self, manifest: Manifest) -> None:
        self.store.create(Location(self.results, manifest.key), manifest.to_json(), "application/json")
        job = Job(manifest.job, manifest.prefix, manifest.chunks, self.clock())
        status = self.ledger.enter(job)
        if not manifest.chunks:
            finish(self.store, self.ledger, self.results, manifest)
        elif status is Status.OPEN:
            begin(manifest, job, self.ledger, self.queue)

    def _refuse(self, drop: Drop, error: OnehandlerError | Gone) -> str:
        prefix = drop.prefix(drop.job_id(self.bundle.digest))
        reason = str(error) or "the file was deleted or overwritten before it was read"
        body = json.dumps({"source": asdict(drop.source), "reason": reason}, indent=2)
        self.store.create(Location(self.results, prefix + REFUSED), body.encode(), "application/json")
        return prefix


def begin(manifest: Manifest, job: Job, ledger: Ledger, queue: Queue) -> None:
    """Send a message for every chunk that is not done, of whichever step comes first."""
    if manifest.counted_first:
        counting = Job(job.job + COUNTING, job.prefix, job.chunks, job.planned)
        if ledger.enter(counting) is Status.OPEN:
            missing = ledger.missing(counting.job, job.chunks)
            queue.send(list(manifest.tasks(missing, counting=True)))
            return
    queue.send(list(manifest.tasks(ledger.missing(job.job, job.chunks))))


def _check_output(bundle: Bundle, name: str, layout: Layout, options: Options) -> None:
    output = output_named(name)
    output.check(bundle.signature, options.carry)
    if not options.single:
        return
    if output.head_size(b"") is None:
        raise InvalidInput(f"{name} results cannot be joined; leave 'single' out", where="single")
    if layout.chunks > MOST_PARTS:
        raise InvalidInput(
            f"the file has {layout.chunks:,} chunks, at most {MOST_PARTS:,} can be joined", where="single"
        )
