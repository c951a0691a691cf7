"""Score: one chunk of a job becomes one part, and whoever does the last one writes `_SUCCESS`."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from onehandler.batch.counting import Counter, is_inside
from onehandler.batch.finish import finish
from onehandler.batch.inputs import File, input_named
from onehandler.batch.job import Manifest
from onehandler.batch.outputs import output_named
from onehandler.batch.ports import Counts, Location, Status
from onehandler.batch.rows import block_rows, score_block
from onehandler.errors import BundleError, ModelError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.batch.inputs import Block
    from onehandler.batch.job import Task
    from onehandler.batch.outputs import Output
    from onehandler.batch.ports import Ledger, ObjectStore, Queue
    from onehandler.handler import Handler


@dataclass(frozen=True, slots=True)
class Chunk:
    """What became of one chunk."""

    manifest: Manifest
    number: int
    counts: Counts
    repeated: bool = False  # the part was there already
    finished: bool = False  # it was the last one: the job has its marker
    cancelled: bool = False  # the job is: nothing was done
    counted: bool = False  # only its quotes were

    @property
    def outcome(self) -> str:
        """The same for a log."""
        if self.cancelled:
            return "left alone: the job was cancelled"
        if self.counted:
            return "counted quotes"
        return "scored the last chunk: the job is complete" if self.finished else "scored"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores chunks with one handler. May run any number of times for the same chunk."""

    handler: Handler
    store: ObjectStore
    queue: Queue
    ledger: Ledger
    results: str  # bucket
    clock: Callable[[], float] = monotonic  # seconds

    def score(self, task: Task) -> Chunk:
        """Score one chunk unless its part is there, and finish the job if it was the last one.

        Rows that cannot be answered become error rows. Infrastructure errors, a manifest of another bundle
        and a source that is gone are raised: the message comes back, and in the end goes to the dead letters.
        """
        manifest, number = self._manifest(task), task.chunk
        if self.ledger.status(manifest.job) is Status.CANCELLED:
            return Chunk(manifest, number, Counts(), cancelled=True)
        if task.counting:
            Counter(self.store, self.queue, self.ledger, self.results).count(manifest, number)
            return Chunk(manifest, number, Counts(), counted=True)
        output = output_named(manifest.output)
        where = Location(self.results, manifest.part_name(number, output.extension))
        found = self._counts(where)
        counts = found or self._write(manifest, number, output, where)
        last = self.ledger.complete(manifest.job, number, manifest.chunks, counts)
        finished = last and finish(self.store, self.ledger, self.results, manifest)
        return Chunk(manifest, number, counts, repeated=found is not None, finished=finished)

    def _manifest(self, task: Task) -> Manifest:
        manifest = Manifest.at(self.store, self.results, task.manifest)
        if manifest.bundle_digest != self.handler.bundle.digest:
            raise BundleError(
                "the job was planned for another bundle; drop the file again", where=task.manifest
            )
        return manifest

    def _counts(self, where: Location) -> Counts | None:
        found = self.store.metadata(where)
        return None if found is None else Counts(*(int(found[name]) for name in Counts.__slots__))

    def _write(self, manifest: Manifest, number: int, output: Output, where: Location) -> Counts:
        started = self.clock()

        def read(first: int, last: int) -> bytes:
            return self.store.read(manifest.source, first, min(last, manifest.size))

        part = _Part(self.handler, manifest, output)
        inside = is_inside(self.store, self.results, manifest, number)
        file = File(read, manifest.size)
        for block in input_named(manifest.format).blocks(
            file, manifest.layout, number, inside=inside, most=part.most
        ):
            part.add(block)
        body = part.body()
        counts = Counts(part.rows, part.failed, round((self.clock() - started) * 1000))
        told = {name: str(getattr(counts, name)) for name in Counts.__slots__}
        if not self.store.create(where, body, output.content_type, told):
            return self._counts(where) or counts  # another worker was sooner
        return counts


class _Part:
    """A part's results as they come: `rows`, and of these `failed`."""

    def __init__(self, handler: Handler, manifest: Manifest, output: Output) -> None:
        self.rows = self.failed = 0
        self.most = block_rows(handler.signature)
        self._handler = handler
        self._writer = output.writer(handler.signature, manifest.layout)
        self.body = self._writer.body

    def add(self, block: Block) -> None:
        """Score rows, so many at a time."""
        for first in range(0, len(block.offsets), self.most):
            part = block.part(first, self.most)
            if not self._at_once(part):
                self._one_by_one(part)
            self.rows += len(part.offsets)

    def _at_once(self, block: Block) -> bool:
        """All rows in one run, unless any could be at fault."""
        tensors = block.tensors(self._handler.signature)
        if tensors is None:
            return False
        try:
            outputs = self._handler.predict(tensors)
        except (RequestError, ModelError):
            return False
        self._writer.block(self.rows + 1, block, outputs)
        return True

    def _one_by_one(self, block: Block) -> None:
        results = list(score_block(self._handler, block, self.rows + 1))
        self.failed += sum(result.error is not None for result in results)
        self._writer.results(results)
