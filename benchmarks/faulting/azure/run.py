"""One run on Azure: files dropped on an app full of faults, looked after until every job is done, then judged."""

from __future__ import annotations

import time
import urllib.error
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.faulting import drops
from benchmarks.faulting.azure.oracle import judge, one_file
from benchmarks.faulting.tokens import WRITES
from onehandler.batch.job import Task
from onehandler.batch.options import METADATA, Options
from onehandler.batch.ports import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from benchmarks.faulting.azure.stage import Stage
    from benchmarks.faulting.drops import Expected, Rows
    from benchmarks.faulting.oracle import Verdict
    from benchmarks.faulting.tokens import Tokens

_LOOK_S = 2.0  # between looks at the jobs
_TEND_S = 6.0  # between sweeps and redrives
_PATIENCE_S = 1800.0
_NOISE = '{"this is": "no message of ours"}'


@dataclass(slots=True)
class Job:
    """One dropped file, and the prefix of its results once it is planned."""

    key: str
    expected: Expected
    single: bool = False
    prefix: str = ""

    @property
    def job(self) -> str:
        """Its id, which ends the prefix."""
        return self.prefix.rstrip("/").rpartition("/")[2]


@dataclass(slots=True)
class Run:
    """A run in progress."""

    stage: Stage
    tokens: Tokens
    rows: Rows
    folder: Path
    told: Callable[[str], None] = lambda _: None
    jobs: list[Job] = field(default_factory=list)
    poisoned: int = 0

    def main(self, count: int, seed: int) -> None:
        """All files, all mischief from outside, until every job is done and every fault has happened."""
        path = self.folder / "main.csv"
        self._drop("main.csv", path, drops.plain(self.rows, path, count, seed))
        self._drop("notes é.csv", path, drops.quoted(self.rows, path, 4_000), single=True)
        self.stage.chunks.send([_NOISE])
        self._settle(lambda: bool(self._planned()[0].prefix))
        self._duplicate(self.jobs[0])
        self._settle(self._done)
        extra = 0
        while never := self.tokens.never():
            extra += 1
            if extra > 20:
                raise RuntimeError(f"these faults never happen: {', '.join(never)}")
            self.told(f"another file, for {len(never)} faults have not happened: {', '.join(never[:3])} …")
            self._drop(f"extra-{extra}.csv", path, drops.quoted(self.rows, path, 1_500 + extra), single=True)
            self._settle(self._done)
        self._rest()

    def small(self, count: int) -> None:
        """One plain file, duplicated; for the build that must not pass."""
        path = self.folder / "weak.csv"
        self._drop("weak.csv", path, drops.plain(self.rows, path, count, count))
        self._settle(lambda: bool(self._planned()[0].prefix))
        self._duplicate(self.jobs[0])
        self._settle(self._done)
        self._rest()

    def verdicts(self) -> Iterator[Verdict]:
        """Every job's."""
        noted = self.tokens.done / WRITES
        writes = Counter(noted.read_text().splitlines())
        for job in self.jobs:
            found = judge(self._results, job.prefix, job.expected, writes)
            wrong = one_file(self._results, job.prefix, job.expected) if job.single else 0
            yield replace(found, wrong=found.wrong + wrong)

    @property
    def _results(self) -> ContainerClient:
        return self.stage.account.blobs.get_container_client("results")

    def _drop(self, key: str, path: Path, expected: Expected, *, single: bool = False) -> None:
        told = Options(single=single).told()
        with path.open("rb") as file:
            self.stage.account.blobs.get_blob_client("drops", key).upload_blob(
                file, metadata={METADATA: told} if told else None
            )
        self.jobs.append(Job(key, expected, single))

    def _duplicate(self, job: Job) -> None:
        """Every tenth chunk once more, the first ones twice."""
        entered = self.stage.ledger.job(job.job)
        chunks = entered.chunks if entered else 0
        again = [*range(0, chunks, 10), *range(min(chunks, 5))]
        self.stage.chunks.send([Task(job.prefix + "manifest.json", chunk).to_json() for chunk in again])

    def _rest(self) -> None:
        """No faults any more; duplicates of what is done; then nothing under way."""
        self.tokens.clear()
        self._duplicate(self.jobs[0])
        self._settle(lambda: not self._waiting("chunks"))

    def _planned(self) -> list[Job]:
        for job in self.jobs:
            if not job.prefix:
                for blob in self._results.list_blobs(job.key + "/"):
                    if blob.name.endswith("/_REFUSED"):
                        raise RuntimeError(f"{job.key} was refused")
                    if blob.name.endswith("/manifest.json"):
                        job.prefix = blob.name.removesuffix("manifest.json")
        return self.jobs

    def _done(self) -> bool:
        jobs = self._planned()
        statuses = [self.stage.ledger.status(job.job) if job.prefix else None for job in jobs]
        chunks = sum(self.stage.ledger.progress(job.job).chunks for job in jobs if job.prefix)
        self.told(
            f"{sum(status is Status.DONE for status in statuses)} of {len(jobs)} jobs done, {chunks} chunks, "
            f"{self.tokens.left():,} faults to come, {self.poisoned} poison messages taken back"
        )
        return all(status is Status.DONE for status in statuses)

    def _settle(self, until: Callable[[], bool]) -> None:
        """Look after all jobs until it is so. RuntimeError after half an hour."""
        end, tended = time.monotonic() + _PATIENCE_S, time.monotonic()
        while not until():
            if time.monotonic() > end:
                raise RuntimeError("the jobs do not end")
            if time.monotonic() - tended > _TEND_S:
                self._tend()
                tended = time.monotonic()
            time.sleep(_LOOK_S)

    def _tend(self) -> None:
        """What somebody who looks after the app does: poison messages back to their queue, and the sweeper."""
        poison = self.stage.account.queues.get_queue_client("chunks-poison")
        queue = self.stage.account.queues.get_queue_client("chunks")
        for message in poison.receive_messages(messages_per_page=32):
            if b64decode(message.content) != _NOISE.encode():
                queue.send_message(message.content, time_to_live=-1)
                self.poisoned += 1
            poison.delete_message(message)
        try:
            self.stage.sweep()
        except urllib.error.HTTPError as error:
            self.told(f"the sweeper answers {error.code}")

    def _waiting(self, name: str) -> int:
        client = self.stage.account.queues.get_queue_client(name)
        return client.get_queue_properties().approximate_message_count or 0
