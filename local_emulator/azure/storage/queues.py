"""Azure Storage queues, as the host uses them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

if TYPE_CHECKING:
    from datetime import datetime

    from azure.storage.queue import QueueClient


@dataclass(slots=True)
class Message:
    """A message under a lease; the receipt changes with every renewal."""

    id: str
    text: str
    dequeue_count: int
    inserted: datetime | None
    expires: datetime | None
    next_visible: datetime | None
    receipt: str


class StorageQueue:
    """One queue. It is made when something is sent to it, and empty as long as it does not exist."""

    def __init__(self, client: QueueClient, name: str) -> None:
        self._client = client
        self.name = name

    def receive(self, most: int, lease_s: int) -> list[Message]:
        """Take up to `most` messages (at most 32), invisible to others for `lease_s`."""
        try:
            found = list(self._client.receive_messages(max_messages=most, visibility_timeout=lease_s))
        except ResourceNotFoundError:
            return []
        return [
            Message(
                message.id,
                message.content,
                message.dequeue_count or 0,
                message.inserted_on,
                message.expires_on,
                message.next_visible_on,
                message.pop_receipt or "",
            )
            for message in found
        ]

    def show_in(self, message: Message, seconds: int) -> None:
        """Make a message visible again after so many seconds: renews a lease, and with 0 gives it up."""
        updated = self._client.update_message(message.id, message.receipt, visibility_timeout=seconds)
        message.receipt = updated.pop_receipt or message.receipt

    def delete(self, message: Message) -> None:
        """Delete a message; one whose lease ran out meanwhile is somebody else's by now."""
        with suppress(ResourceNotFoundError):
            self._client.delete_message(message.id, message.receipt)

    def send(self, text: str) -> None:
        """Add a message."""
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                self._client.create_queue()
            self._client.send_message(text)


class Queues:
    """The queues of an account."""

    def __init__(self, connection_string: str) -> None:
        self._service = QueueServiceClient.from_connection_string(connection_string)

    def get(self, name: str) -> StorageQueue:
        """Give a queue by name, whether it exists or not."""
        return StorageQueue(self._service.get_queue_client(name), name)

    def close(self) -> None:
        """Close the connections."""
        self._service.close()
