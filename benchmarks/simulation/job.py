"""One job, simulated: plan, chunks, marker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.simulation.case import Case, State
from benchmarks.simulation.loop import Loop
from benchmarks.simulation.senders import plan, sweep
from benchmarks.simulation.workers import Workers

if TYPE_CHECKING:
    from benchmarks.simulation.tally import Tally


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. `seconds` is the time from the file's arrival to its marker, None where it has none."""

    case: Case
    seconds: float | None
    written: int  # parts that are there
    entered: int  # chunks that the ledger counts
    tally: Tally

    @property
    def held_up_by(self) -> tuple[str, float]:
        """What stood in the way longest, and its share of the time."""
        held_up = self.tally.held_up
        name = max(held_up, key=lambda each: held_up[each])
        return name, held_up[name] / sum(held_up.values())


def simulate(case: Case) -> Outcome:
    """Run one job to its end."""
    loop = Loop(lambda seconds: _account(state, workers, seconds))
    state = State.begin(case, loop)
    workers = Workers(state)
    loop.start(plan(state, workers), case.times.notified)
    loop.start(sweep(state, workers))
    loop.run()
    return Outcome(case, state.completed, sum(state.written), state.done, state.tally)


def _account(state: State, workers: Workers, seconds: float) -> None:
    """Book time that passes to what stands in the way; instances that wait for a service, to that service."""
    if state.completed is not None:
        seconds = min(seconds, state.completed - state.loop.now)
        if seconds <= 0:
            return
    held_up = state.tally.held_up
    free = seconds
    for service, instances in state.waiting.items():
        if instances:
            share = seconds * instances / workers.busy
            held_up[service] += share
            free -= share
    held_up[_in_the_way(state, workers)] += free


def _in_the_way(state: State, workers: Workers) -> str:
    if workers.backlog:
        return "ramp" if workers.allowed < workers.most else "concurrency"
    if state.planning:
        return "plan"
    if workers.busy:
        return "chunks themselves"
    return "visibility timeout" if workers.hidden else "sweep"
