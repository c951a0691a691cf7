"""What queues refuse. The words are SQS's own; who speaks HTTP adds codes.

QueueError
├── QueueGone                 the queue was deleted
├── InFlightLimitReached      OverLimit
├── MalformedReceiptHandle    ReceiptHandleIsInvalid
├── MessageNotInFlight        MessageNotInflight
├── InvalidQueueParameter     InvalidParameterValue
├── InvalidMessageContents    InvalidMessageContents
└── MoveTaskNotFound          ResourceNotFoundException
"""

from __future__ import annotations


class QueueError(Exception):
    """Anything that a queue refuses."""


class QueueGone(QueueError):
    """The queue was deleted."""


class InFlightLimitReached(QueueError):
    """Too many messages are received and not deleted yet."""


class MalformedReceiptHandle(QueueError):
    """The text is no receipt handle of this queue."""


class MessageNotInFlight(QueueError):
    """The message is visible already."""


class InvalidQueueParameter(QueueError):
    """A parameter is out of range."""


class InvalidMessageContents(QueueError):
    """The message holds characters that SQS does not take."""


class MoveTaskNotFound(QueueError):
    """There is no message move task by this handle."""
