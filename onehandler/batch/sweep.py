"""Sweep: jobs whose last step, or whose messages, were lost are gone on with.

Every so often somebody looks at all jobs that are under way. Finishing one that is being finished, or sending a chunk
that waits in the queue, does no harm: every step may run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.batch.counting import Counter
from onehandler.batch.finish import finish
from onehandler.batch.job import COUNTING, Manifest
from onehandler.batch.ports import Note, Status
from onehandler.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.batch.ports import Job, Ledger, ObjectStore, Queue

STALLED = 3600.0  # seconds without a chunk done: twice what the queue hides a message that a dead worker had
_RESENDS = 3  # without a chunk done in between; then it is not a message that was lost


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done for a job: "finished", "counted", "sent again", "given up", "closed"."""

    job: str
    how: str
    chunks: int = 0  # that were sent again


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Looks after the jobs of one deployment."""

    store: ObjectStore
    queue: Queue
    ledger: Ledger
    results: str  # bucket
    clock: Callable[[], float]  # seconds since 1970
    stalled: float = STALLED

    def sweep(self) -> list[Mended]:
        """Look at every job under way once; tell what was done."""
        looked = (self._look(job) for job in list(self.ledger.unfinished()))
        return [mended for mended in looked if mended is not None]

    def _look(self, job: Job) -> Mended | None:
        main = job.job.removesuffix(COUNTING)
        counting = main != job.job
        if counting and self.ledger.status(main) in (Status.CANCELLED, Status.DONE, None):
            return self._closed(job)
        try:
            manifest = Manifest.at(self.store, self.results, job.prefix + "manifest.json")
        except NotFound:
            return self._closed(job)
        missing = self.ledger.missing(job.job, job.chunks)
        if not missing:
            return self._ended(manifest, job, counting=counting)
        if not counting and manifest.counted_first and self.ledger.status(main + COUNTING) is Status.OPEN:
            return None  # its chunks cannot be scored yet
        return self._waiting(manifest, job, missing, counting=counting)

    def _closed(self, job: Job) -> Mended:
        self.ledger.move(job.job, (Status.OPEN, Status.CLOSING), Status.CANCELLED)
        return Mended(job.job, "closed")

    def _ended(self, manifest: Manifest, job: Job, *, counting: bool) -> Mended:
        if counting:
            Counter(self.store, self.queue, self.ledger, self.results).conclude(manifest)
            return Mended(job.job, "counted")
        finish(self.store, self.ledger, self.results, manifest)
        return Mended(job.job, "finished")

    def _waiting(self, manifest: Manifest, job: Job, missing: list[int], *, counting: bool) -> Mended | None:
        now, done = self.clock(), job.chunks - len(missing)
        note = self.ledger.noted(job.job)
        if note is None or note.done != done:
            self.ledger.note(job.job, Note(done, now))
            return None
        if now - note.since < self.stalled:
            return None
        if note.resent >= _RESENDS:
            return Mended(job.job, "given up")
        self.queue.send(list(manifest.tasks(missing, counting=counting)))
        self.ledger.note(job.job, Note(done, now, note.resent + 1))
        return Mended(job.job, "sent again", len(missing))
