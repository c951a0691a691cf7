"""One execution environment: a process under the vendor's runtime client, used for one invocation at a time."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_emulator.aws.execution import failures
from local_emulator.aws.execution.channel import End
from local_emulator.aws.execution.cleanup import remove_tree
from local_emulator.aws.execution.contracts import Outcome
from local_emulator.aws.execution.delivery import delivery_of
from local_emulator.aws.execution.environment import log_group
from local_emulator.aws.execution.init_phase import EXIT_S, InitPhase
from local_emulator.aws.execution.instance_log import InstanceLog
from local_emulator.aws.execution.report import (
    Figures,
    end_lines,
    start_line,
)
from local_emulator.aws.execution.runtime_api import (
    ACCEPTED,
    Call,
    RuntimeRequest,
    invocation_head,
    too_large,
)

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import Invocation, Refusal
    from local_emulator.aws.execution.failures import Failure
    from local_emulator.aws.execution.launcher import Launcher
    from local_emulator.aws.execution.log_writer import LogWriter


class DiedWhileIdle(Exception):
    """A warm instance was gone before anything was delivered to it: another one can take the invocation."""


class Instance:
    """Runs invocations, one after the other, until it fails or is ended."""

    __slots__ = (
        "_channel",
        "_function",
        "_init_ms",
        "_launcher",
        "_log",
        "_phase",
        "_process",
        "_restore_ms",
        "_stream",
        "_temporary",
        "idle_since",
        "usable",
    )

    def __init__(self, launcher: Launcher, logs: LogWriter) -> None:
        self._launcher = launcher
        self._function = launcher.function
        self._init_ms: float | None = None
        self._restore_ms: float | None = None
        self._stream = self._new_stream()
        self._log = InstanceLog(logs, log_group(self._function), self._stream)
        self._temporary = launcher.temporary_folder()
        self.usable = True
        self.idle_since = 0.0
        try:
            self._launch()
        except BaseException:
            remove_tree(self._temporary)
            raise

    @property
    def pid(self) -> int:
        """The process that runs the function."""
        return self._process.pid

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run on a warm instance. Raises DiedWhileIdle."""
        limits = self._launcher.limits
        request = self._channel.wait(time.monotonic() + limits.readiness_s)
        if not isinstance(request, RuntimeRequest) or request.call is not Call.NEXT:
            self.end()
            raise DiedWhileIdle
        background = len(self._log.text)  # written since the last invocation
        self._log.text += start_line(invocation.request_id, self._function.version)
        deadline = time.monotonic() + self._function.timeout_s
        if not self._deliver(invocation, deadline):
            del self._log.text[background:]
            self.end()
            raise DiedWhileIdle
        return self._run(invocation, deadline)

    def cold_invoke(self, invocation: Invocation) -> Outcome:
        """Go through the init phase, then run the first invocation.

        An init phase that fails is gone through once more as part of the invocation, within the function's own
        timeout, as Lambda does: a model that takes 15 seconds to load works where the timeout allows it.
        """
        init_end = time.monotonic() + self._launcher.limits.init_s
        failure = self._initialise(invocation.request_id, init_end)
        self._log.text += start_line(invocation.request_id, self._function.version)
        began = time.monotonic()
        deadline = began + self._function.timeout_s
        if failure is not None:
            self._end_process()
            self._launch()
            failure = self._initialise(invocation.request_id, deadline, "invoke")
        if failure is not None:
            self.end()
            return self._failed(invocation, failure, (time.monotonic() - began) * 1000)
        self._deliver(invocation, deadline)  # a client that is gone shows when its answer is waited for
        return self._run(invocation, deadline)

    def end(self) -> None:
        """End the process and everything that it started; delete its temporary folder."""
        if not self.usable:
            return
        self.usable = False
        self._end_process()
        remove_tree(self._temporary)
        self._log.write()

    def _launch(self) -> None:
        self._process, self._channel = self._launcher.launch(
            self._stream, self._temporary, self._log.text, self._log.write_whole_lines
        )
        self._phase = InitPhase(self._process, self._channel, self._log, self._function.timeout_s)

    def _end_process(self) -> None:
        if self._process.is_closed:
            return
        self._process.end()
        self._log.text += self._process.pending_output()
        self._channel.close()
        self._process.close()

    def _new_stream(self) -> str:
        return f"{datetime.now(UTC):%Y/%m/%d}/[{self._function.version}]{os.urandom(16).hex()}"

    def _initialise(self, request_id: str, deadline: float, phase: str = "init") -> Failure | None:
        failure = self._phase.run(request_id, deadline, phase)
        if failure is None:
            self._init_ms = self._phase.milliseconds
        return failure

    # -- an invocation

    def _deliver(self, invocation: Invocation, deadline: float) -> bool:
        head = invocation_head(delivery_of(invocation, self._function.arn, deadline))
        return self._channel.answer(head, invocation.payload, deadline=deadline)

    def _run(self, invocation: Invocation, deadline: float) -> Outcome:
        began = time.perf_counter()
        event = self._answer_to(invocation.request_id, deadline)
        milliseconds = (time.perf_counter() - began) * 1000
        if not isinstance(event, RuntimeRequest):
            failure = self._failure(event, invocation.request_id)
            self.end()
            return self._failed(invocation, failure, milliseconds)
        limit = self._launcher.limits.response
        if event.body_size > limit:
            self._channel.answer(too_large(limit), deadline=deadline)
            self._channel.wait(time.monotonic() + EXIT_S)  # the stock client exits over it
            self.end()
            return self._failed(invocation, failures.response_too_large(event.body_size, limit), milliseconds)
        self._channel.answer(ACCEPTED, deadline=time.monotonic() + EXIT_S)
        if not self._channel.settle():
            failure = self._failure(End.OUT_OF_MEMORY, invocation.request_id)
            self.end()
            return self._failed(invocation, failure, milliseconds)
        function_error = "Unhandled" if event.call is Call.ERROR else None
        return self._outcome(invocation, event.body, function_error, self._figures(invocation, milliseconds))

    def _answer_to(self, request_id: str, deadline: float) -> RuntimeRequest | End:
        while True:
            event = self._channel.wait(deadline)
            if not isinstance(event, RuntimeRequest):
                return event
            if event.call in (Call.RESPONSE, Call.ERROR) and event.request_id == request_id:
                return event
            # A function may talk to the Runtime API itself; what isn't about this invocation changes nothing.
            self._channel.answer(ACCEPTED, deadline=deadline)

    # -- how it ends

    def _failure(self, end: End, request_id: str) -> Failure:
        return failures.of(end, self._process.end(), request_id, self._function.timeout_s)

    def _failed(self, invocation: Invocation, failure: Failure, milliseconds: float) -> Outcome:
        self._log.end_line()
        self._log.text += failure.log
        figures = self._figures(invocation, milliseconds, failure)
        return self._outcome(invocation, failure.payload, "Unhandled", figures)

    def _figures(
        self, invocation: Invocation, milliseconds: float, failure: Failure | None = None
    ) -> Figures:
        return Figures(
            request_id=invocation.request_id,
            duration_ms=milliseconds,
            memory_mb=self._function.memory_mb,
            max_memory_mb=max(1, self._channel.peak_memory_kb >> 10),
            init_ms=self._init_ms,
            restore_ms=self._restore_ms,
            status="" if failure is None else failure.status,
            error_type="" if failure is None else failure.error_type,
        )

    def _outcome(
        self, invocation: Invocation, payload: bytes, function_error: str | None, figures: Figures
    ) -> Outcome:
        self._log.end_line()
        self._log.text += end_lines(figures)
        self._init_ms = self._restore_ms = None
        return self._told(invocation, payload, function_error, figures)

    def _told(
        self,
        invocation: Invocation,
        payload: bytes,
        function_error: str | None,
        figures: Figures,
        refusal: Refusal | None = None,
    ) -> Outcome:
        return Outcome(
            payload=payload,
            function_error=function_error,
            request_id=invocation.request_id,
            executed_version=self._function.version,
            log=self._log.take(),
            duration_ms=figures.duration_ms,
            init_ms=figures.init_ms,
            max_memory_mb=figures.max_memory_mb,
            refusal=refusal,
        )
