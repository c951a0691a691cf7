"""What a simulated job did, counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts and sums of one job."""

    plans: int = 0  # invocations
    sweeps: int = 0  # those that sent messages again
    plan_seconds: float = 0.0  # of both
    attempts: int = 0  # invocations of the score function
    score_seconds: float = 0.0
    cold_starts: int = 0
    sends: int = 0  # batches of ten
    receives: int = 0  # of chunks' messages
    deletes: int = 0
    redelivered: int = 0
    dead_letters: int = 0
    plan_given_up: bool = False
    repeated: int = 0  # attempts that found the part written, before or after their own work
    parts: int = 0  # that were written
    write_units: int = 0
    read_units: int = 0
    s3_writes: int = 0
    s3_reads: int = 0
    peak_running: int = 0
    peak_in_flight: int = 0
    throttled: Counter[str] = field(default_factory=Counter)  # by who said no
    held_up: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))  # seconds, by what
