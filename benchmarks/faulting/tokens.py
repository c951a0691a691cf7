"""Which faults there are to be: a file each, LANE.WHEN.STEP.FAULT.NUMBER, moved by the process that does it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a job of many chunks does in each function; a job with quoted line breaks and one file of results adds the rest.
_READS = ("get manifest", "get status", "head part", "get source")
_WRITES = ("put part", "enter chunk")
_END = ("enter item", "move job", "query", "put marker")
_COUNTING = ("head count", "put count", "get count", "put inside", "get inside", "send")
_JOINING = ("head results", "create upload", "put upload part", "complete upload")
_PLANNING = ("head source", "get source", "put manifest", "put job", "query", "send")
REDELIVERED = "redelivered"  # a byte for every message that came again
WRITES = "writes"  # a line for every blob that was written
_BOTH = ("before", "after")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault at one step."""

    lane: str
    when: str
    step: str
    fault: str

    @property
    def stem(self) -> str:
        """Of its files' names."""
        return f"{self.lane}.{self.when}.{self.step}.{self.fault}"


def planned(kills: int) -> Iterator[tuple[Fault, int]]:
    """Every fault, with how often it is to happen: so many kills in all, the others at least once."""
    single = [
        *(
            Fault("batchScore", when, step, "kill")
            for step in (*_END, *_COUNTING, *_JOINING)
            for when in _BOTH
        ),
        *(Fault("batchPlan", when, step, "kill") for step in _PLANNING for when in _BOTH),
    ]
    many = [Fault("batchScore", when, step, "kill") for step in (*_READS, *_WRITES) for when in _BOTH]
    many.append(Fault("batchScore", "before", "answer", "kill"))
    each = max(2, -(-(kills - len(single)) // len(many)))
    others = max(2, kills // 100)
    yield from ((fault, 1) for fault in single)
    yield from ((fault, each) for fault in many)
    yield from ((fault, others) for fault in _others())


def _others() -> Iterator[Fault]:
    for step in ("put part", "enter chunk", "put marker", "complete upload", "put count"):
        yield Fault("batchScore", "after", step, "lost")
    for step in ("put manifest", "put job", "send"):
        yield Fault("batchPlan", "after", step, "lost")
    for step in ("get source", "put part", "head part", "put marker"):
        yield from (Fault("batchScore", "before", step, code) for code in ("500", "503"))
    for step in ("put part", "put marker", "complete upload"):
        yield Fault("batchScore", "before", step, "409")
    for step in ("enter chunk", "enter item", "get status", "move job"):
        yield Fault("batchScore", "before", step, "throttle")
    yield Fault("batchPlan", "before", "put job", "throttle")
    for when, step in (("before", "put part"), ("after", "put part"), ("after", "enter chunk")):
        yield Fault("batchScore", when, step, "hang")
    yield Fault("batchScore", "before", "answer", "unknown id")


class Tokens:
    """A folder of them, and one of those that were taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tokens"
        self.done = folder / "done"
        self.folder.mkdir(parents=True)
        self.done.mkdir()
        self._planned: Counter[str] = Counter()

    def put(self, fault: Fault, count: int) -> None:
        """Have it happen so many times."""
        for _ in range(count):
            self._planned[fault.stem] += 1
            (self.folder / f"{fault.stem}.{self._planned[fault.stem]}").touch()

    def clear(self) -> None:
        """Have nothing more happen."""
        for token in list(self.folder.iterdir()):
            token.unlink(missing_ok=True)

    def left(self) -> int:
        """How many are still to happen."""
        return sum(1 for _ in self.folder.iterdir())

    def kinds(self) -> Counter[str]:
        """How often each kind of fault happened."""
        return Counter(name.rsplit(".", 2)[1] for name in self._taken())

    def redelivered(self) -> int:
        """How many messages came again."""
        noted = self.done / REDELIVERED
        return noted.stat().st_size if noted.exists() else 0

    def never(self) -> list[str]:
        """Planned faults that have not happened even once."""
        done = {name.rpartition(".")[0] for name in self._taken()}
        return sorted(self._planned.keys() - done)

    def _taken(self) -> list[str]:
        return [path.name for path in self.done.iterdir() if path.name not in (REDELIVERED, WRITES)]
