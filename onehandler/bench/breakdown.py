"""What a traced start spent its time on: parts one after the other on the main thread, and what ran beside them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from onehandler.errors import ModelError

LIBRARY, SESSION = "library", "session"
# In the order in which a start meets them; imports come before and after the wait for the session.
ABOUT = {
    "interpreter": "spawn until the interpreter runs code",
    "early start": "sitecustomize begins to open the model",
    "runtime client": "imports of awslambdaric",
    "imports": "imports of the function",
    LIBRARY: "wait for libonnxruntime.so",
    SESSION: "wait for the model's session",
    "event": "the runtime client fetches the event",
    "decode": "event to tensors",
    "first run": "the model",
    "encode": "tensors to the answer",
    "answer": "the runtime client sends the answer",
}
_NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class Span:
    """Something with a beginning and an end, in nanoseconds of CLOCK_MONOTONIC."""

    name: str
    began_ns: int
    ended_ns: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A traced start as noted: when each part of the main thread ended, in order, and the spans of other threads."""

    spawned_ns: int
    marks: tuple[tuple[str, int], ...]
    beside: tuple[Span, ...]
    answered_ns: int
    cpu_ns: int  # computed by all threads together


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch, in milliseconds since the spawn."""

    name: str
    began_ms: float
    ended_ms: float

    @property
    def ms(self) -> float:
        """How long it took."""
        return self.ended_ms - self.began_ms


@dataclass(frozen=True, slots=True)
class Breakdown:
    """`parts` touch one another from spawn to answer, so they add up to the total; `beside` overlap them."""

    parts: tuple[Part, ...]
    beside: tuple[Part, ...]
    cpu_ms: float  # more than the total where two threads compute at once

    @property
    def total_ms(self) -> float:
        """Spawn to answer."""
        return self.parts[-1].ended_ms

    def by_name(self) -> dict[str, float]:
        """Milliseconds of each part on the main thread; 0 for one that this start had not."""
        found = dict.fromkeys(ABOUT, 0.0)
        for part in self.parts:
            found[part.name] += part.ms
        return found


def breakdown(trace: Trace) -> Breakdown:
    """Take a trace apart. Raises ModelError when it is not one of a start that went well."""
    marks = [("", trace.spawned_ns), *_with_library(trace), ("answer", trace.answered_ns)]
    for (_, before), (name, after) in pairwise(marks):
        if name not in ABOUT or after < before:
            raise ModelError(f"the traced start's part '{name}' ends {before - after} ns before it begins")
    parts = tuple(_part(trace, Span(name, before, after)) for (_, before), (name, after) in pairwise(marks))
    return Breakdown(parts, tuple(_part(trace, span) for span in _clipped(trace)), trace.cpu_ns / _NS_PER_MS)


def _with_library(trace: Trace) -> list[tuple[str, int]]:
    """The marks, with the wait for the session cut where the library, which the session waits for, was there."""
    found: list[tuple[str, int]] = []
    before = trace.spawned_ns
    for name, ended in trace.marks:
        if name == SESSION:
            found.append((LIBRARY, max(before, min(_library_there(trace), ended))))
        found.append((name, ended))
        before = ended
    return found


def _library_there(trace: Trace) -> int:
    ends = [span.ended_ns for span in trace.beside if span.name == LIBRARY]
    if not ends:
        raise ModelError("the traced start did not note when libonnxruntime was loaded")
    return ends[0]


def _clipped(trace: Trace) -> list[Span]:
    """The spans of other threads; opening the session begins with waiting for the library, which is not its work."""
    there = _library_there(trace)
    return [
        Span(span.name, max(span.began_ns, there), span.ended_ns) if span.name == SESSION else span
        for span in trace.beside
    ]


def _part(trace: Trace, span: Span) -> Part:
    return Part(
        span.name,
        (span.began_ns - trace.spawned_ns) / _NS_PER_MS,
        (span.ended_ns - trace.spawned_ns) / _NS_PER_MS,
    )
