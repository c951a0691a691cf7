"""What an app logs, with the invocation that it belongs to, on its way to the host."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar

_SYSTEM = ("azure_functions_runtime", "azure.functions", "asyncio", "uvicorn")


def send_logs(send: Callable[[dict[str, Any]], object], invocation_id: ContextVar[str | None]) -> None:
    """Send every record of INFO and above, as Microsoft's worker does."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(_HostHandler(send, invocation_id))


class _HostHandler(logging.Handler):
    def __init__(
        self, send: Callable[[dict[str, Any]], object], invocation_id: ContextVar[str | None]
    ) -> None:
        super().__init__()
        self._send_record = send
        self._invocation_id = invocation_id

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record over."""
        line = {
            "invocation_id": self._invocation_id.get(),
            "level": record.levelno,
            "logger": record.name,
            "system": record.name.startswith(_SYSTEM),
            "text": self.format(record),
        }
        self._send_record({"log": line})
