"""FIFO queues stay moto's; its lists of messages are only kept from being changed by two threads at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def apply() -> None:
    """Put the queue's own lock around what changes its messages, and wait for messages outside of it."""
    from moto.sqs.models import SQSBackend

    receive = SQSBackend.receive_message

    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> Any:
        deadline = time.monotonic() + wait_seconds_timeout
        queue = self.get_queue(queue_name)
        with queue._messages_lock:  # noqa: SLF001 - the lock that moto itself waits on
            while True:
                # Without a wait of its own: moto would wait between looking and locking, and miss what comes.
                found = receive(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
                left = deadline - time.monotonic()
                if found or left <= 0:
                    return found
                # Messages become visible by time alone, too, of which nobody is told.
                queue._messages_lock.wait(min(left, 0.1))  # noqa: SLF001

    SQSBackend.send_message = _locked(SQSBackend.send_message)
    SQSBackend.delete_message = _locked(SQSBackend.delete_message)
    SQSBackend.change_message_visibility = _locked(SQSBackend.change_message_visibility)
    SQSBackend.receive_message = receive_message


def _locked(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, queue_name: str, *arguments: Any, **named: Any) -> Any:
        with self.get_queue(queue_name)._messages_lock:  # noqa: SLF001
            return method(self, queue_name, *arguments, **named)

    return call
