"""moto's queues, and the standard queues of ours that keep their messages."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from local_emulator.aws.queues import errors
from local_emulator.aws.queues.queue import StandardQueue
from local_emulator.aws.queues.settings import QueueSettings, Redrive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.clock import Clock

_KEY = "standard_queue"  # in the instance of moto's queue, so that both live and die together
_CODES: tuple[tuple[type[errors.QueueError], str], ...] = (
    (errors.InFlightLimitReached, "OverLimit"),
    (errors.MessageNotInFlight, "AWS.SimpleQueueService.MessageNotInflight"),
    (errors.InvalidMessageContents, "InvalidMessageContents"),
    (errors.MoveTaskNotFound, "ResourceNotFoundException"),
    (errors.InvalidQueueParameter, "InvalidParameterValue"),
)


class MotoQueues:
    """Finds the standard queue behind a queue of moto's, or behind an ARN."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()

    def find(self, arn: str) -> StandardQueue | None:
        """Find by ARN. None when there is no such queue, or when it is a FIFO queue."""
        queue = moto_queue(arn)
        return None if queue is None or queue.fifo_queue else self.of(queue)

    def of(self, queue: Any) -> StandardQueue:
        """Give the standard queue that keeps the messages of one of moto's."""
        with self._lock:
            held = vars(queue).get(_KEY)
            if held is None:
                held = StandardQueue(queue.queue_arn, lambda: _settings(queue), self._clock, self.find)
                vars(queue)[_KEY] = held
            found: StandardQueue = held
            return found


def moto_queue(arn: str) -> Any:
    """Find moto's queue by ARN, or None."""
    # Here, not above: moto takes half a second to import.
    from moto.sqs.models import sqs_backends

    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sqs":
        return None
    try:
        backend = sqs_backends[parts[4]][parts[3]]
    except KeyError:  # no such region
        return None
    return backend.queues.get(parts[5])


@contextmanager
def worded_by_sqs() -> Iterator[None]:
    """Turn what queues refuse into errors that moto answers with."""
    from moto.sqs.exceptions import QueueDoesNotExist, ReceiptHandleIsInvalid, SQSException

    try:
        yield
    except errors.QueueGone as refused:
        raise QueueDoesNotExist from refused
    except errors.MalformedReceiptHandle as refused:
        raise ReceiptHandleIsInvalid from refused
    except errors.QueueError as refused:
        code = next(code for kind, code in _CODES if isinstance(refused, kind))
        raise SQSException(code, str(refused)) from refused


def _settings(queue: Any) -> QueueSettings:
    policy = queue.redrive_policy
    redrive = Redrive(policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])) if policy else None
    return QueueSettings(
        visibility_timeout_s=int(queue.visibility_timeout),
        delay_s=int(queue.delay_seconds),
        retention_s=int(queue.message_retention_period),
        maximum_message_bytes=int(queue.maximum_message_size),
        redrive=redrive,
    )
