"""The socket that all workers take their connections from."""

from __future__ import annotations

import socket

from onehandler.errors import Unavailable

_BACKLOG = 2048  # connections that wait to be taken


def listening(host: str, port: int) -> socket.socket:
    """Listen on the address; Unavailable says in one line when that cannot be.

    TCP_NODELAY is set here, for accepted sockets inherit it: with Nagle's algorithm an answer that takes two
    writes waits 40 ms for the client's delayed acknowledgement. The protocol is given by number because asyncio
    itself switches the algorithm off for such sockets only.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # from here on clients wait for their answer instead of being turned away
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"cannot listen there: {error.strerror}; choose another --port (0: any free one)",
            where=f"{host}:{port}",
        ) from None
    listener.setblocking(False)  # another worker may be the quicker one
    return listener
