"""Bytes to a host and back, without a client that would mend them."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def exchange(url: str, request: bytes) -> bytes:
    """Send this; give everything until the host closes, which it does after what it refuses."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as sock:
        sock.sendall(request)
        received = b""
        while block := sock.recv(65536):
            received += block
    return received
