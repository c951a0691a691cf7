"""Micro-batching: requests that arrive together are answered by one run of the model.

A runtime around a runtime, so that protocols, validation and errors stay each request's own. One run at a time; what
arrives meanwhile gathers, first come first served, and runs together as far as it agrees in everything but the
number of rows. A group starts when it is full, when every request that this worker is answering has joined it (so
one alone never waits), or when its first has waited for `max_wait`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING

from onehandler.errors import ModelError
from onehandler.serving.joining import joined, kind_of, rows_of, split

if TYPE_CHECKING:
    from typing import Final

    from onehandler.runtimes import Runtime
    from onehandler.serving.joining import Kind
    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors


@dataclass(slots=True)
class _Call:
    """One request's run. It wakes with `leads` set (it is to run that group), or with an outcome."""

    inputs: Tensors
    rows: int
    kind: Kind
    woken: Event = field(default_factory=Event)
    leads: list[_Call] = field(default_factory=list)
    late: bool = False
    outputs: dict[str, Tensor] | None = None
    error: Exception | None = None


class MicroBatcher:
    """Implements onehandler.runtimes.Runtime over another; `max_wait` is in seconds."""

    def __init__(self, runtime: Runtime, max_rows: int, max_wait: float) -> None:
        self.max_rows: Final = max_rows
        self._runtime: Final = runtime
        self._max_wait: Final = max_wait
        self._lock: Final = Lock()
        self._waiting: list[_Call] = []
        self._running = False
        self._expected = 0

    @property
    def signature(self) -> Signature:
        """The model's own."""
        return self._runtime.signature

    @property
    def idle(self) -> bool:
        """Whether a run now would be alone, and so waits for nothing."""
        return not self._expected and not self._running

    def join(self) -> None:
        """Before the answer to a request: its run may share, and others wait for it in turn. Then `leave`."""
        with self._lock:
            self._expected += 1

    def leave(self) -> None:
        """After the answer."""
        with self._lock:
            self._expected -= 1
            self._wake_next()

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute, together with others if there are any; see Runtime.run."""
        with self._lock:
            alone = self._expected <= 1 and not self._running and not self._waiting
            self._running |= alone
        if alone:
            return self._run_in_turn(inputs)
        rows = rows_of(inputs)
        if not rows:  # nothing to share, and not every model takes it
            return self._runtime.run(inputs)
        call = _Call(inputs, rows, kind_of(inputs))
        with self._lock:
            self._waiting.append(call)
            self._wake_next()
        if not call.woken.wait(self._max_wait):
            with self._lock:
                call.late = True
                self._wake_next()
            call.woken.wait()
        if call.leads:
            self._lead(call.leads)
        if call.error is not None:
            raise call.error
        if call.outputs is None:
            raise ModelError("the run that it had joined was broken off")
        return call.outputs

    def close(self) -> None:
        """Free the model."""
        self._runtime.close()

    def _run_in_turn(self, inputs: Tensors) -> dict[str, Tensor]:
        try:
            return self._runtime.run(inputs)
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        with self._lock:
            self._running = False
            self._wake_next()

    def _wake_next(self) -> None:
        """Let the first in line run its group, if it may start. Needs the lock."""
        if self._running or not self._waiting:
            return
        first = self._waiting[0]
        group, full = self._group(first)
        if full or first.late or len(self._waiting) >= self._expected:
            chosen = set(map(id, group))
            self._waiting = [call for call in self._waiting if id(call) not in chosen]
            self._running = True
            first.leads = group
            first.woken.set()

    def _group(self, first: _Call) -> tuple[list[_Call], bool]:
        """Those that can run with the first, in their order, and whether no more would fit."""
        group: list[_Call] = []
        rows = 0
        for call in self._waiting:
            if call.kind != first.kind:
                continue
            if group and rows + call.rows > self.max_rows:
                return group, True
            group.append(call)
            rows += call.rows
        return group, rows >= self.max_rows

    def _lead(self, group: list[_Call]) -> None:
        """Run the group, hand the outcomes out, and give the turn to the next."""
        try:
            if len(group) == 1 or not self._run_joined(group):
                for call in group:
                    self._run_alone(call)
        finally:
            self._end_turn()
            for call in group[1:]:
                call.woken.set()

    def _run_joined(self, group: list[_Call]) -> bool:
        """Whether all were answered. If not, each has to run alone: one that fails must not harm the others."""
        counts = [call.rows for call in group]
        try:
            outputs = self._runtime.run(joined([call.inputs for call in group]))
            parts = split(outputs, counts)
        except Exception:  # noqa: BLE001 - whose fault it is shows when each runs alone
            return False
        for call, part in zip(group, parts, strict=True):
            call.outputs = part
        return True

    def _run_alone(self, call: _Call) -> None:
        try:
            call.outputs = self._runtime.run(call.inputs)
        except Exception as error:  # noqa: BLE001 - raised again in the thread of its own request
            call.error = error
