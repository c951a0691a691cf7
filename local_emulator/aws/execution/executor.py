"""Runs Lambda functions on this machine: every instance a process under the vendor's own runtime client."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from local_emulator.aws.execution.cleanup import remove_tree
from local_emulator.aws.execution.code_store import CodeStore
from local_emulator.aws.execution.contracts import Throttled
from local_emulator.aws.execution.environment import Installation, base_environment
from local_emulator.aws.execution.errors import ExecutorClosed
from local_emulator.aws.execution.instance import DiedWhileIdle, Instance
from local_emulator.aws.execution.launcher import Launcher
from local_emulator.aws.execution.limits import Limits
from local_emulator.aws.execution.log_writer import LogWriter
from local_emulator.aws.execution.pool import Pool, PoolGone
from local_emulator.aws.execution.snap_start import SnapStartInstance, taken_snapshot
from local_emulator.aws.execution.warden import Warden

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, LogSink, Outcome
    from local_emulator.aws.execution.failures import Failure
    from local_emulator.aws.execution.interpreters import Interpreters

_QUALIFIED_PARTS = 8  # arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION
_DEFAULT_LIMITS = Limits()
_T = TypeVar("_T")


class Executor:
    """A FunctionRunner. `endpoint_url` is what functions find as AWS_ENDPOINT_URL.

    Whatever it makes lies in one new folder under `root` and is gone after `close`, also when this process dies.
    """

    def __init__(
        self,
        root: Path,
        interpreters: Interpreters,
        endpoint_url: str,
        sink: LogSink,
        limits: Limits = _DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=root.resolve()))
        self._temporary = self._folder / "tmp"
        self._temporary.mkdir()
        self._interpreters = interpreters
        self._endpoint_url = endpoint_url
        self._limits = limits
        self._clock = clock
        self._warden = Warden(self._folder)
        self._store = CodeStore(self._folder, limits.unzipped)
        self._logs = LogWriter(sink)
        self._idle = threading.Condition()  # guards the next three; notified when nothing runs
        self._pools: dict[str, Pool] = {}
        self._draining: set[Pool] = set()
        self._running: dict[str, int] = {}
        self._closed = threading.Event()
        self._housekeeper = threading.Thread(target=self._keep_house, name="lambda-housekeeping", daemon=True)
        self._housekeeper.start()

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        """Run once, waiting for the answer. Raises Throttled, and ExecutionError when it cannot run here."""
        reservation = function.arn.removesuffix(f":{function.version}")
        self._enter(reservation, concurrency_limit)
        try:
            return self._invoke(function, invocation)
        except OSError as error:
            if self._closed.is_set():  # its folder was deleted under it
                raise ExecutorClosed(f"function {function.name}: the emulator is shutting down") from error
            raise
        finally:
            self._leave(reservation)

    def prepare(self, function: FunctionSnapshot) -> None:
        """Unpack and check a function ahead of its first invocation; optional. Raises ExecutionError."""
        self._pool_of(function)

    def take_snapshot(self, function: FunctionSnapshot) -> Failure | None:
        """Initialise a SnapStart version and keep the process for its first invocation; say what failed.

        Waits for as long as the init phase takes. Raises ExecutionError when it cannot run here.
        """
        waiting = f"{function.arn} snapshot"
        self._enter(waiting, None)
        try:
            # One that is idle already was invoked while the version was being published.
            return self._use(function, lambda _: None, taken_snapshot)
        finally:
            self._leave(waiting)

    def retire(self, arn: str) -> None:
        """End the instances of a function version, or of all its versions when `arn` isn't qualified.

        Busy ones finish what they do.
        """
        with self._idle:
            qualified = len(arn.split(":")) >= _QUALIFIED_PARTS
            gone = [key for key in self._pools if key == arn or (not qualified and key.startswith(f"{arn}:"))]
            pools = [self._pools.pop(key) for key in gone]
            self._draining.update(pools)
        for pool in pools:
            pool.retire()

    def reap(self) -> int:
        """End instances that have been idle for longer than their lifetime; give their number."""
        with self._idle:
            pools = list(self._pools.values())
        before = self._clock() - self._limits.idle_s
        return sum(pool.reap(before) for pool in pools)

    @property
    def warden_pid(self) -> int:
        """The process that cleans up should this one be killed."""
        return self._warden.pid

    def flush_logs(self) -> None:
        """Wait until the sink has every line of invocations that ended before."""
        self._logs.flush()

    def close(self) -> None:
        """End every instance, busy ones too, write the logs out and delete everything. Once is enough."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._idle:
            pools = [*self._pools.values(), *self._draining]
            self._pools.clear()
        for pool in pools:
            pool.retire(closing=True)
        self._warden.close()  # ends busy instances, and their invocations with them
        with self._idle:
            self._idle.wait_for(lambda: not self._running)
        remove_tree(str(self._folder))  # what an invocation made while it was being turned away
        self._housekeeper.join()
        self._logs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _invoke(self, function: FunctionSnapshot, invocation: Invocation) -> Outcome:
        return self._use(
            function, lambda idle: idle.invoke(invocation), lambda new: new.cold_invoke(invocation)
        )

    def _use(
        self, function: FunctionSnapshot, on_idle: Callable[[Instance], _T], on_new: Callable[[Instance], _T]
    ) -> _T:
        """Do something with an idle instance of the function, or else with a new one."""
        kind = SnapStartInstance if function.snap_start else Instance
        while True:
            pool = self._pool_of(function)
            try:
                instance = pool.acquire()
            except PoolGone:
                continue
            try:
                if instance is not None:
                    return on_idle(instance)
                instance = kind(pool.launcher, self._logs)
                return on_new(instance)
            except DiedWhileIdle:
                continue
            except BaseException:
                if instance is not None:
                    instance.end()
                raise
            finally:
                pool.give_back(instance, self._clock())

    def _enter(self, reservation: str, limit: int | None) -> None:
        with self._idle:
            if self._closed.is_set():
                raise ExecutorClosed(f"{reservation}: the emulator is shutting down")
            running = self._running.get(reservation, 0)
            if limit is not None and running >= limit:
                raise Throttled(
                    f"{reservation}: {running} of {limit} reserved concurrent executions are running"
                )
            self._running[reservation] = running + 1

    def _leave(self, reservation: str) -> None:
        with self._idle:
            self._running[reservation] -= 1
            if not self._running[reservation]:
                del self._running[reservation]
                if self._closed.is_set():
                    self._idle.notify_all()

    def _pool_of(self, function: FunctionSnapshot) -> Pool:
        pool = self._pools.get(function.arn)
        if pool is not None and pool.function == function:
            return pool
        return self._new_pool(function)

    def _new_pool(self, function: FunctionSnapshot) -> Pool:
        python = self._interpreters.executable(function.runtime)
        runtime_folder = self._interpreters.runtime_folder(function.runtime)
        unpacked = self._store.lease(function)
        installation = Installation(function, unpacked, python, runtime_folder, self._endpoint_url)
        try:
            environment = base_environment(installation)
            launcher = Launcher(installation, environment, self._temporary, self._warden, self._limits)
            adopted = self._adopt(Pool(launcher, self._limits.instances, self._let_go))
        except BaseException:
            self._store.release(unpacked)
            raise
        if adopted.launcher is not launcher:
            self._store.release(unpacked)
        return adopted

    def _adopt(self, new: Pool) -> Pool:
        """Put a new pool in place of the one with other content, unless another thread was quicker."""
        with self._idle:
            if self._closed.is_set():
                raise ExecutorClosed(f"function {new.function.name}: the emulator is shutting down")
            current = self._pools.get(new.function.arn)
            if current is not None and current.function == new.function:
                return current
            self._pools[new.function.arn] = new
            if current is not None:
                self._draining.add(current)
        if current is not None:
            current.retire()
        return new

    def _let_go(self, pool: Pool) -> None:
        with self._idle:
            self._draining.discard(pool)
        self._store.release(pool.launcher.unpacked)

    def _keep_house(self) -> None:
        while not self._closed.wait(self._limits.housekeeping_s):
            self.reap()
