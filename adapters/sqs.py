"""SQS as batch scoring's queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import boto3

from onehandler.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

_BATCH = 10  # messages a SendMessageBatch takes
_ATTEMPTS = 5


class SqsQueue:
    """Implements onehandler.batch.ports.Queue."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    @classmethod
    def connect(cls, url: str) -> Self:
        """With a client of its own, as boto3 finds its settings."""
        return cls(boto3.client("sqs"), url)

    def send(self, bodies: Sequence[str]) -> None:
        """Send in tens; entries that SQS refused are sent again, and Unavailable is raised in the end."""
        for first in range(0, len(bodies), _BATCH):
            self._send_batch(bodies[first : first + _BATCH])

    def _send_batch(self, bodies: Sequence[str]) -> None:
        waiting = {str(index): body for index, body in enumerate(bodies)}
        for _ in range(_ATTEMPTS):
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": name, "MessageBody": body} for name, body in waiting.items()],
            )
            refused = {entry["Id"] for entry in answer.get("Failed", [])}
            waiting = {name: body for name, body in waiting.items() if name in refused}
            if not waiting:
                return
        raise Unavailable(f"{len(waiting)} messages were refused {_ATTEMPTS} times", where=self._url)
