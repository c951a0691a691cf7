"""What is simulated, and where the simulated job stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from benchmarks.simulation.limits import Limits, RateLimit
from benchmarks.simulation.tally import Tally

if TYPE_CHECKING:
    from benchmarks.simulation.loop import Loop
    from benchmarks.simulation.times import Times

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Case:
    """One file, one deployment."""

    rows: int
    times: Times
    limits: Limits = field(default_factory=Limits)
    chunk_bytes: int = 8 * MEBIBYTE
    failures: float = 0.0  # share of invocations of the score function that die
    duplicates: float = 0.0  # share of messages that SQS delivers twice
    seed: int = 1

    @property
    def chunks(self) -> int:
        """As the planner splits the file."""
        return -(-self.rows * self.times.row_bytes // self.chunk_bytes)

    @property
    def rows_a_chunk(self) -> float:
        """On average."""
        return self.rows / self.chunks


@dataclass(slots=True)
class State:
    """Everything that the processes of one simulation share."""

    case: Case
    loop: Loop
    random: Random
    written: bytearray  # by chunk: its part is in S3
    entered: bytearray  # by chunk: the ledger has it
    ledger_writes: RateLimit
    ledger_reads: RateLimit
    drops_reads: RateLimit
    results_reads: RateLimit
    results_writes: RateLimit
    items: Counter[int] = field(default_factory=Counter)  # chunks in each of the ledger's items
    done: int = 0  # chunks in the ledger
    tally: Tally = field(default_factory=Tally)
    waiting: Counter[str] = field(default_factory=Counter)  # instances that were told to slow down, by whom
    planning: bool = True
    completed: float | None = None  # when the marker was written

    @classmethod
    def begin(cls, case: Case, loop: Loop) -> State:
        """Nothing is done yet."""
        limits = case.limits
        return cls(
            case,
            loop,
            Random(case.seed),
            bytearray(case.chunks),
            bytearray(case.chunks),
            RateLimit(limits.ledger_writes),
            RateLimit(limits.ledger_reads),
            RateLimit(limits.s3_reads),
            RateLimit(limits.s3_reads),
            RateLimit(limits.s3_writes),
        )
