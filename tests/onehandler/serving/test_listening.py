"""The listening socket."""

from __future__ import annotations

import select
import socket

import pytest

from onehandler.errors import Unavailable
from onehandler.serving.listening import listening


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_accepted_sockets_send_at_once(host: str) -> None:
    """Else the second write of an answer waits 40 ms for the client's delayed acknowledgement."""
    with listening(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio goes by
        select.select([listener], [], [], 10)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_does_not_block_a_worker_that_comes_too_late() -> None:
    with listening("127.0.0.1", 0) as listener, pytest.raises(BlockingIOError):
        listener.accept()


def test_a_taken_port_is_said_with_advice() -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match="choose another --port") as caught:
            listening("127.0.0.1", port)
    assert caught.value.where == f"127.0.0.1:{port}"
