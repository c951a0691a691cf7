"""Who sends the chunks' messages: the plan function, and the sweep that looks after jobs that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.simulation.case import State
    from benchmarks.simulation.loop import Process, Step
    from benchmarks.simulation.workers import Workers

_BATCH = 10  # messages a SendMessageBatch takes


def plan(state: State, workers: Workers) -> Process:
    """The plan function: as long as it is cut short it comes back, and sends what is not done by then."""
    limits, times = state.case.limits, state.case.times
    for _ in range(limits.receives):
        received = state.loop.now
        if state.tally.plans == 0:
            yield times.placement + times.start(limits.plan_memory)
        state.tally.plans += 1
        begun = state.loop.now
        yield 3 * times.s3_call + times.dynamodb_call  # the file's head, the manifest, the job's item
        if (yield from _send(state, workers, begun + limits.plan_timeout)):
            state.tally.plan_seconds += state.loop.now - begun
            break
        state.tally.plan_seconds += limits.plan_timeout
        yield received + limits.plan_visibility - state.loop.now
    else:
        state.tally.plan_given_up = True
    state.planning = False


def sweep(state: State, workers: Workers) -> Process:
    """Every so often: a job without another chunk done for a while has what is missing sent again, a few times."""
    limits, tally = state.case.limits, state.tally
    seen, since, resent = -1, 0.0, 0
    while state.completed is None:
        yield limits.sweep_every
        if state.done != seen:
            seen, since, resent = state.done, state.loop.now, 0
        elif state.loop.now - since >= limits.stalled:
            if resent == limits.resends:
                return
            begun = state.loop.now
            if (yield from _send(state, workers, begun + limits.sweep_timeout)):
                since, resent = begun, resent + 1
            tally.sweeps += 1
            tally.plan_seconds += state.loop.now - begun


def _send(state: State, workers: Workers, until: float) -> Step:
    """A message for every chunk that is not done, ten at a time. False if there is no time to send them all."""
    missing = [chunk for chunk, done in enumerate(state.entered) if not done]
    for first in range(0, len(missing), _BATCH):
        yield state.case.times.send(state.case.limits.plan_memory)
        if state.loop.now > until:
            return False
        state.tally.sends += 1
        for chunk in missing[first : first + _BATCH]:
            workers.send(chunk)
    return True
