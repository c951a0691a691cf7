"""A storage queue as batch scoring's queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from azure.storage.queue import TextBase64EncodePolicy

from onehandler.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure.storage.queue import QueueClient

    from adapters.azure_storage.account import Account

LIMIT = 64 * 1024  # bytes of a message, as it is sent: in base64
_BASE64 = 4 / 3
_TOGETHER = 16  # the service takes one message a request
_FOREVER = -1  # by default a message that nobody takes is forgotten after seven days


class StorageQueue:
    """Implements onehandler.batch.ports.Queue. Bodies go in base64, as Functions' queue trigger expects them."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, account: Account, name: str) -> Self:
        """One queue of the account."""
        client = account.queues.get_queue_client(name, message_encode_policy=TextBase64EncodePolicy())
        return cls(client)

    def send(self, bodies: Sequence[str]) -> None:
        """Send, some at once. TooLarge before any is sent, the SDK's own error when the service takes one no more."""
        for body in bodies:
            size = len(body.encode())
            if size * _BASE64 > LIMIT:
                raise TooLarge(
                    f"a message of {size:,} bytes; in base64 the service takes {LIMIT:,}. Shorten the file's name",
                    where=self._client.queue_name,
                )
        with ThreadPoolExecutor(_TOGETHER) as pool:
            for _ in pool.map(self._send, bodies):
                pass

    def _send(self, body: str) -> None:
        self._client.send_message(body, time_to_live=_FOREVER)
