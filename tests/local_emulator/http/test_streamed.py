"""Answers that come bit by bit, over real sockets."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from local_emulator.http.errors import StreamBrokenError
from local_emulator.http.messages import HttpResponse
from local_emulator.http.server import HttpServer, listen
from tests.local_emulator.wire import parsed, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.http.messages import HttpRequest, RequestHead


class Blocks:
    """A stream that notes when it was closed; "broken" ends it, "wait" waits for the gate."""

    def __init__(self, words: list[str], gate: threading.Event) -> None:
        self._words = words
        self._gate = gate
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        for word in self._words:
            if word == "broken":
                raise StreamBrokenError("as asked")
            if word == "wait":
                self._gate.wait(10)
            yield word.encode()

    def close(self) -> None:
        self.closed.set()


class Streamer:
    """Answers /a/b with "a" and "b"; the query is the status."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.streams: list[Blocks] = []

    def admit(self, head: RequestHead) -> HttpResponse | None:
        return None

    def answer(self, request: HttpRequest) -> HttpResponse:
        stream = Blocks(request.head.path[1:].split("/"), self.gate)
        self.streams.append(stream)
        return HttpResponse(int(request.head.query or 200), (("X", "y"),), stream=stream)


@pytest.fixture
def app() -> Streamer:
    return Streamer()


@pytest.fixture
def server(app: Streamer) -> Iterator[HttpServer]:
    with HttpServer(listen(0), app) as running:
        yield running


def test_blocks_are_chunks_and_the_connection_goes_on(server: HttpServer, app: Streamer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(2):
        connection.request("GET", "/one//three")
        response = connection.getresponse()
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Content-Length"] is None
        assert response.read() == b"onethree"
    connection.close()
    assert all(stream.closed.is_set() for stream in app.streams)


def test_a_block_is_sent_before_the_next_is_there(server: HttpServer, app: Streamer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/one/wait")
    response = connection.getresponse()
    assert response.read(3) == b"one"
    app.gate.set()
    assert response.read() == b"wait"
    connection.close()


@pytest.mark.parametrize(
    ("request_line", "body"),
    [(b"HEAD /one HTTP/1.1", b""), (b"GET /one?204 HTTP/1.1", b""), (b"GET /one/two HTTP/1.0", b"onetwo")],
    ids=["head", "no-content", "http-1.0"],
)
def test_where_there_are_no_chunks(
    server: HttpServer, app: Streamer, request_line: bytes, body: bytes
) -> None:
    received = raw(server.port, request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert received.partition(b"\r\n\r\n")[2] == body
    assert app.streams[0].closed.wait(5)


def test_what_breaks_off_has_no_last_chunk(server: HttpServer, app: Streamer) -> None:
    received = raw(server.port, b"GET /one/broken HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert received.endswith(b"3\r\none\r\n")
    with pytest.raises(http.client.IncompleteRead):
        parsed(received)
    assert app.streams[0].closed.wait(5)


def test_a_client_that_leaves_ends_the_stream(server: HttpServer, app: Streamer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(
            b"GET /one/wait/" + b"/".join([b"x" * 9] * 900) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        assert sock.recv(100)
    app.gate.set()
    assert app.streams[0].closed.wait(5)
