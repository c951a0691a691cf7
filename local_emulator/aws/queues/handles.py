"""Receipt handles: opaque to clients; to us, the message and the receipt that they stand for."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from local_emulator.aws.queues.errors import MalformedReceiptHandle


@dataclass(frozen=True, slots=True)
class ReceiptHandle:
    """Which receipt of which message, in which queue."""

    queue: str  # the token of the queue: a deleted queue's handles mean nothing to one of the same name
    message_id: str
    receipt: int  # counts from 1 in each queue

    def text(self) -> str:
        """Give the handle as clients get it."""
        fields = json.dumps([self.queue, self.message_id, self.receipt])
        return base64.b64encode(fields.encode()).decode()


def parse_handle(text: str, queue: str) -> ReceiptHandle:
    """Read a handle. Raises MalformedReceiptHandle, also when another queue gave it."""
    try:
        fields = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _malformed(text) from error
    if not isinstance(fields, list) or len(fields) != 3 or fields[0] != queue:
        raise _malformed(text)
    return ReceiptHandle(str(fields[0]), str(fields[1]), int(fields[2]))


def _malformed(text: str) -> MalformedReceiptHandle:
    return MalformedReceiptHandle(f'The input receipt handle "{text}" is not a valid receipt handle.')
