"""One batch, from the poller to the function, and what becomes of its messages."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from local_emulator.aws.event_sources.responses import BatchFailed, failed_messages
from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front.functions import parse_reference
from local_emulator.aws.front.ports import FunctionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.event_sources.batches import Batch, Item
    from local_emulator.aws.event_sources.mapping import MappingSettings
    from local_emulator.aws.event_sources.ports import Ports
    from local_emulator.aws.execution.contracts import Outcome
    from local_emulator.aws.queues.queue import StandardQueue

_log = logging.getLogger(__name__)
OK = "OK"
FUNCTION_FAILED = "PROBLEM: Function call failed"
THROTTLED = "PROBLEM: Lambda invocation failed due to throttling"
NO_FUNCTION = "PROBLEM: The Lambda function was not found"
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0


class Delivery:
    """Hands batches to the function of one mapping.

    A message is deleted when the function did not fail, and did not report it as failed. Else nothing is done to
    it: it goes back to the queue when its visibility timeout is over, with one receive counted. A throttled
    batch is tried again, ever more slowly, for as long as its messages stay invisible; then it is dropped, and
    so goes back, too. Source: "Backoff strategy for failed invocations" in the Lambda Developer Guide.
    """

    def __init__(self, ports: Ports, pause: Callable[[float], bool]) -> None:
        self._ports = ports
        self._pause = pause  # waits; says whether to go on

    def deliver(self, batch: Batch, queue: StandardQueue, settings: MappingSettings) -> str:
        """Invoke the function with a batch and delete what it is done with. Gives the processing result."""
        try:
            outcome = self._invoke(batch, settings)
        except FunctionNotFoundError:
            _log.warning("event source mapping %s: no function %s", settings.uuid, settings.function_arn)
            return NO_FUNCTION
        if outcome is None:
            return THROTTLED
        if outcome.function_error is not None:
            return FUNCTION_FAILED
        failed = _failed(outcome, batch, settings)
        for item in batch.items:
            if item.received.content.message_id not in failed:
                queue.delete(item.received.receipt_handle)
        return FUNCTION_FAILED if failed else OK

    def _invoke(self, batch: Batch, settings: MappingSettings) -> Outcome | None:
        """Invoke, again and again while throttled. None: the messages are visible again, or polling ended."""
        reference = parse_reference(settings.function_arn, "", "")
        invocation = Invocation(batch.payload, str(uuid.uuid4()), invoked_arn=settings.function_arn)
        pause_s = _FIRST_PAUSE_S
        while True:
            found = self._ports.functions.find(
                reference.account_id, reference.region, reference.name, reference.qualifier
            )
            try:
                return self._ports.runner.invoke(found.snapshot, invocation, found.concurrency_limit)
            except Throttled:
                left = batch.visible_again_at - self._ports.clock.now()
            if left <= pause_s or not self._pause(pause_s):
                return None
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def release(items: list[Item] | tuple[Item, ...], queue: StandardQueue) -> None:
    """Make messages visible again that nobody will work on."""
    from local_emulator.aws.queues.errors import QueueError

    for item in items:
        try:
            queue.change_visibility(item.received.receipt_handle, 0)
        except QueueError as error:  # it is visible already, or gone with its queue
            _log.debug("message %s was not released: %s", item.received.content.message_id, error)


def _failed(outcome: Outcome, batch: Batch, settings: MappingSettings) -> frozenset[str]:
    if not settings.reports_failures:
        return frozenset()
    try:
        return frozenset(failed_messages(outcome.payload, batch.message_ids))
    except BatchFailed as error:
        _log.warning("event source mapping %s: the whole batch counts as failed: %s", settings.uuid, error)
        return batch.message_ids
