"""Counting quotes: what must be known of the chunks before one, to tell where its first record begins.

Each chunk's quotes are counted by whoever gets the message; whoever counts the last one writes `quotes`, a digit a
chunk that says whether its first byte stands within quotes, and sends the chunks to be scored.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from onehandler.batch.job import COUNTING
from onehandler.batch.ports import Counts, Gone, Location, Status
from onehandler.errors import Unavailable

if TYPE_CHECKING:
    from onehandler.batch.job import Manifest
    from onehandler.batch.ports import Ledger, ObjectStore, Queue

_READ = 4 * 1024 * 1024  # bytes at a time
_TOGETHER = 16  # counts read at once
_TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts quotes. May run any number of times for the same chunk."""

    store: ObjectStore
    queue: Queue
    ledger: Ledger
    results: str  # bucket

    def count(self, manifest: Manifest, chunk: int) -> bool:
        """Count one chunk's; tell whether it was the last one, and the chunks have been sent to be scored."""
        where = self._count_of(manifest, chunk)
        if self.store.metadata(where) is None:
            self.store.create(where, str(self._counted(manifest, chunk)).encode(), _TEXT)
        job = manifest.job + COUNTING
        last = self.ledger.complete(job, chunk, manifest.chunks, Counts())
        if last:
            self.conclude(manifest)
        return last

    def conclude(self, manifest: Manifest) -> None:
        """All are counted: say where quotes are open, and go on to scoring."""
        job = manifest.job + COUNTING
        if self.ledger.status(job) is Status.DONE:
            return
        with ThreadPoolExecutor(_TOGETHER) as pool:
            counts = list(pool.map(lambda chunk: self._read(manifest, chunk), range(manifest.chunks)))
        inside = "".join(str(before % 2) for before in accumulate(counts[:-1], initial=0))
        self.store.create(_inside_of(self.results, manifest), inside.encode(), _TEXT)
        self.queue.send(list(manifest.tasks(self.ledger.missing(manifest.job, manifest.chunks))))
        self.ledger.move(job, (Status.OPEN,), Status.DONE)

    def _counted(self, manifest: Manifest, chunk: int) -> int:
        start, end = manifest.layout.range_of(chunk, manifest.size)
        reads = (
            self.store.read(manifest.source, first, min(first + _READ, end))
            for first in range(start, end, _READ)
        )
        return sum(data.count(b'"') for data in reads)

    def _read(self, manifest: Manifest, chunk: int) -> int:
        return int(self.store.read(self._count_of(manifest, chunk), 0, 32))

    def _count_of(self, manifest: Manifest, chunk: int) -> Location:
        return Location(self.results, f"{manifest.prefix}quotes/{chunk:05d}")


def is_inside(store: ObjectStore, results: str, manifest: Manifest, chunk: int) -> bool:
    """Whether a chunk's first byte stands within quotes. Unavailable before all are counted."""
    if not manifest.counted_first:
        return False
    try:
        return store.read(_inside_of(results, manifest), chunk, chunk + 1) == b"1"
    except Gone:
        raise Unavailable("the quotes before this chunk are not counted yet", where=manifest.key) from None


def _inside_of(results: str, manifest: Manifest) -> Location:
    return Location(results, manifest.prefix + "quotes/inside")
