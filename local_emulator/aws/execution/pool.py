"""The instances of one function version: which are idle, and who may start another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from local_emulator.aws.execution.errors import ExecutorClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.instance import Instance
    from local_emulator.aws.execution.launcher import Launcher


class PoolGone(Exception):
    """The pool was retired and emptied; its code is deleted. Ask for the function's pool again."""


class Pool:
    """Instances of one snapshot, the newest idle one first: the oldest then go unused, and end.

    `release` is called once, when the pool is retired and its last instance has ended.
    """

    def __init__(self, launcher: Launcher, limit: int, release: Callable[[Pool], None]) -> None:
        self.function = launcher.function
        self.launcher = launcher
        self._limit = limit
        self._release = release
        self._idle: list[Instance] = []
        self._count = 0  # busy, idle and about to start
        self._users = 0  # in acquire() or holding what it gave
        self._retired = False
        self._closed = False
        self._gone = False
        self._changed = threading.Condition()

    def acquire(self) -> Instance | None:
        """Give an idle instance, or None: room for a new one, which the caller starts. Waits for either.

        Raises PoolGone and ExecutorClosed.
        """
        with self._changed:
            if self._gone:
                raise PoolGone
            self._users += 1
            while True:
                if self._closed:
                    self._users -= 1
                    raise ExecutorClosed(f"function {self.function.name}: the emulator is shutting down")
                if self._idle:
                    return self._idle.pop()
                if self._count < self._limit:
                    self._count += 1
                    return None
                self._changed.wait()

    def give_back(self, instance: Instance | None, now: float) -> None:
        """Return what `acquire` gave, or the instance started for it; None when starting failed."""
        with self._changed:
            self._users -= 1
            keep = instance is not None and instance.usable and not self._retired
            if keep and instance is not None:
                instance.idle_since = now
                self._idle.append(instance)
            else:
                self._count -= 1
            self._changed.notify()
        if not keep and instance is not None:
            instance.end()
        self._release_if_drained()

    def reap(self, idle_before: float) -> int:
        """End instances that nobody needed since then; give their number."""
        with self._changed:
            old = [instance for instance in self._idle if instance.idle_since < idle_before]
            self._idle = [instance for instance in self._idle if instance.idle_since >= idle_before]
            self._count -= len(old)
            self._changed.notify(len(old))
        for instance in old:
            instance.end()
        return len(old)

    def retire(self, *, closing: bool = False) -> None:
        """End idle instances now and busy ones when they are done; `closing` turns waiting callers away."""
        with self._changed:
            self._retired = True
            self._closed = self._closed or closing
            idle, self._idle = self._idle, []
            self._count -= len(idle)
            self._changed.notify_all()
        for instance in idle:
            instance.end()
        self._release_if_drained()

    def _release_if_drained(self) -> None:
        if not self._retired:
            return
        with self._changed:
            drained = not self._gone and not self._users and not self._count
            self._gone = self._gone or drained
        if drained:
            self._release(self)
