"""What the batch commands know of a stack's jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.aws_jobs import Drops, Stack, redrive
from adapters.aws_prices import batch_cost
from adapters.dynamodb import DynamoLedger
from adapters.s3 import S3Store
from onehandler.batch.job import COUNTING
from onehandler.batch.joining import join
from onehandler.batch.ports import Status
from onehandler.batch.reading import Results
from onehandler.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.batch.ports import Job, Location


@dataclass(frozen=True, slots=True)
class State:
    """A job for people and scripts. `status` is one of Status' values, or "refused"; `reason` says why then."""

    job: str
    status: str
    results: str  # s3://…
    chunks: int = 0
    done: int = 0  # of the chunks
    rows: int = 0
    failed: int = 0
    seconds: float = 0.0  # since it was planned, while it is under way
    dollars: float = 0.0  # about, so far
    reason: str = ""

    @property
    def under_way(self) -> bool:
        """Whether there is something to wait for."""
        return self.status in (Status.OPEN.value, Status.CLOSING.value)

    @property
    def rows_per_second(self) -> float:
        """Since it was planned."""
        return self.rows / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """At the pace so far; 0 where nothing is known yet."""
        return self.seconds / self.done * (self.chunks - self.done) if self.done else 0.0

    def line(self) -> str:
        """All of it in one line."""
        if self.reason:
            return f"{self.job or 'no job'}: refused: {self.reason}"
        said = f"{self.job}: {self.status}, {self.done:,} of {self.chunks:,} chunks, {self.rows:,} rows"
        said += f", {self.failed:,} without a prediction, about ${self.dollars:.4f}"
        if self.under_way:
            said += f", {self.rows_per_second:,.0f} rows/s, about {self.seconds_left:,.0f} s left"
        return f"{said}; {self.results}"


class Jobs:
    """The jobs of one deployed stack."""

    def __init__(self, stack: Stack, clock: Callable[[], float] = time.time) -> None:
        self.drops = Drops(stack)
        self._stack = stack
        self._ledger = DynamoLedger.connect(stack.ledger)
        self._store = S3Store.connect()
        self._clock = clock

    @classmethod
    def of(cls, stack: str) -> Jobs:
        """By the stack's name. NotFound, Unavailable."""
        return cls(Stack.found(stack))

    def planned(
        self, drop: Location, within: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> State:
        """Wait until a drop has become a job, or was refused. Unavailable after so many seconds."""
        end = clock() + within
        while (found := self.drops.planned(drop)) is None:
            if clock() > end:
                raise Unavailable(
                    f"was not planned within {within:.0f} s; see the log of batchPlan, and onehandler batch redrive",
                    where=f"s3://{drop.bucket}/{drop.key}",
                )
            sleep(0.2)
        if "reason" in found:
            return State("", "refused", f"s3://{self._stack.results}/", reason=found["reason"])
        while self._ledger.job(found["job"]) is None:  # entered a moment after the manifest is written
            if clock() > end:
                raise Unavailable(
                    "has a manifest but never began; see the log of batchPlan", where=found["job"]
                )
            sleep(0.2)
        return self.state(found["job"])

    def state(self, job: str) -> State:
        """How far a job is. NotFound."""
        entered = self._entered(job)
        progress, status = self._ledger.progress(job), self._ledger.status(job)
        return State(
            job,
            status.value if status else "forgotten",
            f"s3://{self._stack.results}/{entered.prefix}",
            entered.chunks,
            progress.chunks,
            progress.rows,
            progress.failed,
            self._clock() - entered.planned,
            batch_cost(
                progress.chunks, progress.milliseconds, self._stack.memory_mb, self._stack.architecture
            ),
        )

    def unfinished(self) -> list[State]:
        """Jobs under way, oldest first."""
        jobs = [job for job in self._ledger.unfinished() if not job.job.endswith(COUNTING)]
        return [self.state(job.job) for job in sorted(jobs, key=lambda job: job.planned)]

    def results(self, job: str) -> Results:
        """Its parts."""
        return Results.at(self._store, self._stack.results, self._entered(job).prefix)

    def rows(self, job: str) -> int:
        """How many rows its parts have."""
        return self._ledger.progress(job).rows

    def merge(self, job: str) -> str:
        """Make one object of all its parts, within S3; say where. Unavailable while parts are missing."""
        found = self.results(job)
        where = join(self._store, self._stack.results, found.manifest, self.rows(job))
        return f"s3://{where.bucket}/{where.key}"

    def cancel(self, job: str) -> State:
        """Cancel it unless it is over, or as good as over."""
        self._entered(job)
        self._ledger.move(job, (Status.OPEN,), Status.CANCELLED)
        return self.state(job)

    def redrive(self) -> dict[str, int]:
        """Dead letters moved back, by queue."""
        return redrive(self._stack)

    def _entered(self, job: str) -> Job:
        found = self._ledger.job(job)
        if found is None:
            raise NotFound("there is no such job in this stack, or it is older than 90 days", where=job)
        return found
