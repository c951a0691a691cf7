"""One run: files dropped on a deployment full of faults, looked after until every job is done, then judged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import boto3

from adapters.aws_jobs import Drops, redrive
from adapters.dynamodb import DynamoLedger
from benchmarks.faulting import drops
from benchmarks.faulting.oracle import Verdict, judge, one_file
from onehandler.batch.job import Task
from onehandler.batch.options import Options
from onehandler.batch.ports import Location, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.faulting.drops import Expected, Rows
    from benchmarks.faulting.stage import Stage
    from benchmarks.faulting.tokens import Tokens

_LOOK_S = 2.0  # between looks at the jobs
_TEND_S = 8.0  # between sweeps and redrives
_NOISE = '{"this is": "no message of ours"}'
_OVER = (Status.DONE, Status.CANCELLED)


@dataclass(slots=True)
class Job:
    """One dropped file, and the job that it became."""

    drop: Location
    size: int
    expected: Expected
    single: bool = False
    job: str = ""
    prefix: str = ""


@dataclass(slots=True)
class Run:
    """A run in progress."""

    stage: Stage
    tokens: Tokens
    rows: Rows
    folder: Path
    bundle: str
    told: Callable[[str], None] = lambda _: None
    jobs: list[Job] = field(default_factory=list)
    dead_letters: int = 0
    redrives: int = 0

    def drop(self, key: str, path: Path, expected: Expected, options: Options | None = None) -> Job:
        """Put a file into the drops bucket."""
        chosen = options or Options()
        with path.open("rb") as file:
            source = Drops(self.stage.stack).upload(file, key, chosen, lambda _: None)
        job = Job(source, path.stat().st_size, expected, chosen.single)
        self.jobs.append(job)
        return job

    def main(self, count: int, seed: int) -> None:
        """All files, all mischief from outside, until every job is done and every fault has happened."""
        self._drop_all(count, seed)
        self._settle(lambda: bool(self._planned()[0].job))
        self._duplicate(self.jobs[0])
        zombie = self._raise_zombie(self.jobs[0])
        try:
            self._suffer()
        finally:
            said = self._released(zombie)
        if zombie.returncode or said != "was there":
            raise RuntimeError(f"the zombie said {said!r}, and ended with {zombie.returncode}")
        self._duplicate(self.jobs[0])  # after success
        self._settle(self._idle, redriving=False)  # the noise would never come to rest

    def _suffer(self) -> None:
        """Until every job is done, and every fault has happened."""
        self._settle(self._done)
        extra = 0
        while never := self.tokens.never():
            extra += 1
            self.told(f"another file, for {len(never)} faults have not happened: {', '.join(never[:3])} …")
            self._drop_noted(f"extra-{extra}.csv", 1_500 + extra)
            self._settle(self._done)
            if extra > 20:
                raise RuntimeError(f"these faults never happen: {', '.join(never)}")
        self.tokens.clear()

    def small(self, count: int) -> None:
        """One plain file, duplicated; for the builds that must not pass."""
        self._drop_small("weak.csv", count)
        self._settle(lambda: bool(self._planned()[0].job))
        self._duplicate(self.jobs[0])
        self._settle(self._done)
        self.tokens.clear()
        self._settle(self._idle, redriving=False)

    def verdicts(self) -> Iterator[Verdict]:
        """Every job's."""
        for job in self.jobs:
            found = judge(self.stage.stack.results, job.prefix, job.expected)
            wrong = one_file(self.stage.stack.results, job.prefix, job.expected) if job.single else 0
            yield replace(found, wrong=found.wrong + wrong)

    def _drop_all(self, count: int, seed: int) -> None:
        path = self.folder / "main.csv"
        self.drop("main.csv", path, drops.plain(self.rows, path, count, seed))
        path.unlink()
        for size in (2_000, 1_000):  # two versions of one key
            self._drop_small("a+b é/%2F twice.csv", size)
        for version in reversed(self.jobs[1:3]):
            self._notify(version)  # out of order, and once more than needed
        self._drop_noted("notes.csv", 4_000)
        for url in self.stage.queues.values():
            boto3.client("sqs").send_message(QueueUrl=url, MessageBody=_NOISE)

    def _drop_small(self, key: str, count: int) -> None:
        path = self.folder / "small.csv"
        self.drop(key, path, drops.plain(self.rows, path, count, count))

    def _drop_noted(self, key: str, count: int) -> None:
        path = self.folder / "noted.csv"
        self.drop(key, path, drops.quoted(self.rows, path, count), Options(single=True))

    def _notify(self, job: Job) -> None:
        """Tell of a drop once more, as S3 does now and then."""
        described = {
            "key": quote_plus(job.drop.key), "size": job.size, "eTag": job.drop.etag, "versionId": job.drop.version
        }  # fmt: skip
        record = {
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": job.drop.bucket}, "object": described},
        }
        url = self.stage.queues["batchPlan"]
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [record]}))

    def _duplicate(self, job: Job) -> None:
        """A second planner, and chunks that come twice in one batch."""
        self._notify(job)
        entered = self._ledger.job(job.job)
        chunks = min(entered.chunks, 10) if entered else 0
        bodies = [Task(job.prefix + "manifest.json", chunk // 2).to_json() for chunk in range(chunks)]
        entries: Any = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
        if entries:
            boto3.client("sqs").send_message_batch(QueueUrl=self.stage.queues["batchScore"], Entries=entries)

    def _raise_zombie(self, job: Job) -> subprocess.Popen[str]:
        entered = self._ledger.job(job.job)
        assert entered is not None
        words = [self.bundle, job.prefix + "manifest.json", str(entered.chunks - 1), str(self._release_file)]
        environ = self.stage.environment("batchScore")
        environ.pop("PYTHONPATH")  # without faults of its own
        command = [sys.executable, "-m", "benchmarks.faulting.zombie", *words]
        zombie = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
        assert zombie.stdout is not None
        line = zombie.stdout.readline()
        if line != "scored\n":
            raise RuntimeError(f"the zombie came too late: {line!r}")
        return zombie

    def _released(self, zombie: subprocess.Popen[str]) -> str:
        """Let the zombie write its part; what it says of that."""
        self._release_file.touch()
        try:
            return zombie.communicate(timeout=60)[0].strip()
        finally:
            zombie.kill()

    @property
    def _release_file(self) -> Path:
        return self.folder / "release"

    @property
    def _ledger(self) -> DynamoLedger:
        return DynamoLedger.connect(self.stage.stack.ledger)

    def _planned(self) -> list[Job]:
        """All jobs, with what is known of them by now."""
        found = Drops(self.stage.stack)
        for job in self.jobs:
            if not job.job and (manifest := found.planned(job.drop)):
                if "reason" in manifest:
                    raise RuntimeError(f"{job.drop.key} was refused: {manifest['reason']}")
                if self._ledger.job(manifest["job"]):
                    job.job, job.prefix = manifest["job"], manifest["prefix"]
        return self.jobs

    def _done(self) -> bool:
        jobs = self._planned()
        statuses = [self._ledger.status(job.job) if job.job else None for job in jobs]
        chunks = [self._ledger.progress(job.job).chunks if job.job else 0 for job in jobs]
        self.told(
            f"{sum(status is Status.DONE for status in statuses)} of {len(jobs)} jobs done, {sum(chunks)} chunks, "
            f"{self.tokens.left():,} faults to come, {self.dead_letters} dead letters"
        )
        return all(status in _OVER for status in statuses)

    def _idle(self) -> bool:
        """Done, and nothing waits in the queues but what no redrive can help."""
        waiting = sum(_waiting(url) for url in self.stage.queues.values())
        return self._done() and not waiting

    def _settle(self, until: Callable[[], bool], *, redriving: bool = True) -> None:
        """Look after the jobs, as an operator and the schedule would, until something is so."""
        tended = time.monotonic()
        while not until():
            time.sleep(_LOOK_S)
            if time.monotonic() - tended > _TEND_S:
                self._tend(redriving=redriving)
                tended = time.monotonic()

    def _tend(self, *, redriving: bool) -> None:
        moved = sum(redrive(self.stage.stack).values()) if redriving else 0
        if moved:
            redrive(self.stage.stack)  # twice: it must do no harm
            self.dead_letters += moved
            self.redrives += 2
        self.stage.sweep()


def total(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """The sums over all jobs."""
    return {name: sum(getattr(each, name) for each in verdicts) for name in Verdict.__slots__}


def of_oracle(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """What the oracle says, as the reports print it: rows and object versions, and markers a job."""
    sums = total(verdicts)
    return {
        "lost": sums["lost"],
        "doubled": sums["doubled"],
        "wrong": sums["wrong"] + sums["disordered"] + sums["miscounted"],
        "markers": sums["markers"] / len(verdicts),
        "jobs": len(verdicts),
    }


def _waiting(url: str) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())
