"""The queue of Event invocations and the threads that work it off."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from threading import Condition, Thread
from typing import TYPE_CHECKING

from local_emulator.aws.asynchronous.ports import RetrySettings, UndeliverableError
from local_emulator.aws.asynchronous.records import (
    EVENT_AGE_EXCEEDED,
    RETRIES_EXHAUSTED,
    SUCCESS,
    ZERO_RESERVED_CONCURRENCY,
    Finished,
    dead_letter_attributes,
    destination_record,
)
from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front.functions import InvalidFunctionNameError, parse_reference
from local_emulator.aws.front.ports import FunctionNotFoundError
from local_emulator.aws.queues.schedule import Schedule

if TYPE_CHECKING:
    from local_emulator.aws.asynchronous.ports import AsyncPorts, InvokeConfig
    from local_emulator.aws.execution.contracts import FunctionSnapshot, Outcome
    from local_emulator.aws.front.ports import FoundFunction

_log = logging.getLogger(__name__)
_LATEST = "$LATEST"


@dataclass(eq=False, slots=True)
class _Event:
    """An invocation that is not finished."""

    function: FunctionSnapshot
    payload: bytes
    request_id: str
    accepted_at: float
    attempts: int = 0
    throttles: int = 0
    outcome: Outcome | None = None


class AsyncInvocations:
    """Takes events, runs functions later, and tells destinations how it went.

    A function that fails is run again up to MaximumRetryAttempts times. One that is throttled is run again for
    as long as MaximumEventAgeInSeconds allows, which counts as no attempt. Each run takes the function as it is
    then. `start` before use; events that are not finished at `stop` are dropped, with a line in the log.
    """

    def __init__(self, ports: AsyncPorts, settings: RetrySettings | None = None) -> None:
        self._ports = ports
        self._settings = settings or RetrySettings()
        self._condition = Condition()
        self._waiting: Schedule[_Event] = Schedule()
        self._threads: list[Thread] = []
        self._idle = 0
        self._running = False

    def start(self) -> None:
        """Begin to run what is queued."""
        with self._condition:
            self._running = True
            self._grow()

    def enqueue(self, function: FunctionSnapshot, payload: bytes, request_id: str) -> None:
        """Accept now, run later. Never waits for the function."""
        now = self._ports.clock.now()
        self._put(_Event(function, payload, request_id, now), now)

    def stop(self) -> None:
        """Run nothing more; what runs is not waited for."""
        with self._condition:
            self._running = False
            if len(self._waiting):
                _log.warning("%d asynchronous invocations are dropped at the end", len(self._waiting))
            self._waiting.clear()
            self._condition.notify_all()

    def close(self) -> None:
        """Stop, then wait for the functions that run; end those first, if that is to be quick."""
        self.stop()
        with self._condition:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()

    def forget(self) -> None:
        """Drop what waits, and go on."""
        with self._condition:
            self._waiting.clear()

    def _put(self, event: _Event, when: float) -> None:
        with self._condition:
            self._waiting.put(event, when)
            if self._running:
                self._grow()
            self._condition.notify_all()

    def _grow(self) -> None:
        """Start a thread for work that nobody is free for."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if len(self._waiting) > self._idle and len(self._threads) < self._settings.most_at_once:
            thread = Thread(target=self._work, name="async-invocation", daemon=True)
            self._threads.append(thread)
            self._idle += 1  # until it has taken something
            thread.start()

    def _work(self) -> None:
        while (event := self._take()) is not None:
            try:
                self._run(event)
            except Exception:  # noqa: BLE001 - a thread that ended here would leave the queue standing
                _log.exception("asynchronous invocation %s of %s", event.request_id, event.function.arn)
            finally:
                with self._condition:
                    self._idle += 1

    def _take(self) -> _Event | None:
        with self._condition:
            while self._running:
                now = self._ports.clock.now()
                event = next(self._waiting.pop_due(now), None)
                if event is not None:
                    self._idle -= 1
                    return event
                first = self._waiting.first()
                self._ports.clock.wait(self._condition, None if first is None else max(first[0] - now, 0.001))
            self._idle -= 1
            return None

    def _run(self, event: _Event) -> None:
        config = self._ports.config(event.function)
        try:
            found = self._find(event.function)
        except FunctionNotFoundError:
            _log.warning("asynchronous invocation %s: no %s any more", event.request_id, event.function.arn)
            return
        if found.concurrency_limit == 0:
            self._finish(event, ZERO_RESERVED_CONCURRENCY, config)
        elif self._ports.clock.now() - event.accepted_at > config.longest_age_s:
            self._finish(event, EVENT_AGE_EXCEEDED, config)
        else:
            self._attempt(event, found, config)

    def _attempt(self, event: _Event, found: FoundFunction, config: InvokeConfig) -> None:
        invoked_arn = found.snapshot.arn.removesuffix(f":{_LATEST}")
        invocation = Invocation(event.payload, event.request_id, invoked_arn=invoked_arn)
        try:
            outcome = self._ports.runner.invoke(found.snapshot, invocation, found.concurrency_limit)
        except Throttled:
            self._try_later(event)
            return
        except Exception:  # noqa: BLE001 - a fault of ours is a system error, which AWS retries like throttles
            _log.exception("asynchronous invocation %s of %s", event.request_id, event.function.arn)
            self._try_later(event)
            return
        event.attempts += 1
        event.outcome = outcome
        if outcome.function_error is None:
            self._finish(event, SUCCESS, config)
        elif event.attempts > config.most_retries:
            self._finish(event, RETRIES_EXHAUSTED, config)
        else:
            self._put_later(event, self._settings.after_error(event.attempts))

    def _try_later(self, event: _Event) -> None:
        event.throttles += 1
        self._put_later(event, self._settings.after_throttle(event.throttles))

    def _put_later(self, event: _Event, seconds: float) -> None:
        if self._running:
            self._put(event, self._ports.clock.now() + seconds)

    def _finish(self, event: _Event, condition: str, config: InvokeConfig) -> None:
        finished = Finished(
            event.function,
            event.payload,
            event.request_id,
            condition,
            event.attempts,
            event.outcome,
            self._ports.clock.now(),
        )
        destination = config.on_success if condition == SUCCESS else config.on_failure
        if destination:
            self._tell(destination, finished)
        if condition != SUCCESS and config.dead_letter_arn:
            body = finished.payload.decode("utf-8", "replace")
            self._send(config.dead_letter_arn, body, finished, dead_letter=True)

    def _tell(self, arn: str, finished: Finished) -> None:
        record = destination_record(finished)
        if ":lambda:" in arn:
            self._invoke_destination(arn, record)
        else:
            self._send(arn, record, finished, dead_letter=False)

    def _send(self, arn: str, body: str, finished: Finished, *, dead_letter: bool) -> None:
        attributes = dead_letter_attributes(finished) if dead_letter else {}
        try:
            self._ports.destinations.send(arn, body, attributes)
        except UndeliverableError as error:
            _log.warning(
                "asynchronous invocation %s: nothing sent to %s: %s", finished.request_id, arn, error
            )

    def _invoke_destination(self, arn: str, record: str) -> None:
        try:
            reference = parse_reference(arn, "", "")
            found = self._ports.functions.find(
                reference.account_id, reference.region, reference.name, reference.qualifier
            )
        except (FunctionNotFoundError, InvalidFunctionNameError):
            _log.warning("destination %s is no function", arn)
            return
        self.enqueue(found.snapshot, record.encode(), str(uuid.uuid4()))

    def _find(self, function: FunctionSnapshot) -> FoundFunction:
        qualifier = None if function.version == _LATEST else function.version
        return self._ports.functions.find(function.account_id, function.region, function.name, qualifier)
