"""The chunks' queue, its event source mapping and the instances of the score function."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.simulation.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.simulation.case import State
    from benchmarks.simulation.loop import Process, Step

ACCOUNT = "account's concurrency"
_STEPS = 5  # places to die at: before each of four steps, or after the last
_BACK_OFF = 1.0  # seconds until a throttled invocation is tried again


@dataclass(slots=True)
class Message:
    """One message of one chunk."""

    chunk: int
    receives: int = 0


class Workers:
    """Takes messages as the mapping's concurrency allows; a message stays hidden while an instance has it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._services = Services(state)
        self.backlog: deque[Message] = deque()
        self.busy = 0  # invocations that the mapping waits for
        self.running = 0  # of these, those that have an instance
        self.allowed = state.case.limits.first_invokes
        self._idle = 0  # instances that are warm
        self.hidden = 0  # messages that were received and neither deleted nor given back
        self._grows = False

    @property
    def most(self) -> int:
        """Invocations at once, at most."""
        return self._state.case.limits.maximum_concurrency

    def send(self, chunk: int) -> None:
        """Put a message in the queue; now and then it comes twice."""
        self.backlog.append(Message(chunk))
        if self._state.random.random() < self._state.case.duplicates:
            self._state.loop.start(self._come_back(Message(chunk)), self._state.random.uniform(0, 60))
        if not self._grows:
            self._grows = True
            self._state.loop.start(self._grow())
        self._dispatch()

    def _grow(self) -> Process:
        self.allowed = min(self.most, self.allowed)
        while self.allowed < self.most and self._state.completed is None:
            yield 1 / self._state.case.limits.ramp
            self.allowed += 1
            self._dispatch()

    def _dispatch(self) -> None:
        tally, limits = self._state.tally, self._state.case.limits
        while self.backlog and self.busy < self.allowed and self.hidden < limits.in_flight:
            message = self.backlog.popleft()
            message.receives += 1
            if message.receives > limits.receives:
                tally.dead_letters += 1
                continue
            tally.receives += 1
            tally.redelivered += message.receives > 1
            self.busy += 1
            self.hidden += 1
            tally.peak_in_flight = max(tally.peak_in_flight, self.hidden)
            self._state.loop.start(self._deliver(message))

    def _deliver(self, message: Message) -> Process:
        state, received = self._state, self._state.loop.now
        hidden_until = received + state.case.limits.visibility
        done = False
        if (yield from self._placed(hidden_until)):
            self.running += 1
            state.tally.peak_running = max(state.tally.peak_running, self.running)
            done = yield from self._attempt(message.chunk)
            self.running -= 1
        self.busy -= 1
        if done:
            self.hidden -= 1
            state.tally.deletes += 1
        else:
            state.loop.start(self._give_back(message), hidden_until - state.loop.now)
        self._dispatch()

    def _placed(self, until: float) -> Step:
        """Wait for the account to have an instance left, as long as the message is ours."""
        state = self._state
        while self.running >= state.case.limits.account_concurrency:
            state.tally.throttled[ACCOUNT] += 1
            state.waiting[ACCOUNT] += 1
            yield _BACK_OFF
            state.waiting[ACCOUNT] -= 1
            if state.loop.now >= until:
                return False
        return True

    def _give_back(self, message: Message) -> Process:
        self.hidden -= 1
        yield from self._come_back(message)

    def _come_back(self, message: Message) -> Process:
        self.backlog.append(message)
        self._dispatch()
        yield 0.0

    def _attempt(self, chunk: int) -> Step:
        """One invocation: whether the message may be deleted. Instances that die aren't used again."""
        state, tally = self._state, self._state.tally
        if self._idle:
            self._idle -= 1
            began = state.loop.now
        else:
            tally.cold_starts += 1
            yield state.case.times.placement
            began = state.loop.now
            yield state.case.times.start(state.case.limits.score_memory)
        tally.attempts += 1
        fails = state.random.random() < state.case.failures
        dies_at = state.random.randrange(_STEPS) if fails else _STEPS
        done = True
        for number, step in enumerate(self._steps(chunk)):
            if number == dies_at or not (yield from step):
                done = False
                break
        tally.score_seconds += state.loop.now - began
        self._idle += not fails
        return done and not fails

    def _steps(self, chunk: int) -> Iterator[Step]:
        yield self._services.look()
        if self._state.written[chunk]:
            self._state.tally.repeated += 1
        else:
            yield self._services.score()
            yield self._services.write(chunk)
        yield self._services.enter(chunk)
