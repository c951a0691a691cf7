"""The server over real sockets, with clients that behave."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from local_emulator.http.limits import Limits
from local_emulator.http.messages import HttpResponse
from local_emulator.http.server import HttpServer, listen, listen_from
from tests.local_emulator.wire import parsed, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.http.messages import HttpRequest, RequestHead

_LIMITS = Limits(body_in_memory=1000, body=50_000_000, idle=5, drain=3)
_CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"


class Recorder:
    """Answers with the body it got; remembers requests; can be held up."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def admit(self, head: RequestHead) -> HttpResponse | None:
        return HttpResponse(403, (), b"no") if head.path == "/refused" else None

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        self.entered.set()
        self.gate.wait(10)
        status = int(request.head.query or 200)
        return HttpResponse(status, (("Content-Type", "text/plain"),), request.body.read() or b"empty")


@pytest.fixture
def app() -> Recorder:
    return Recorder()


@pytest.fixture
def server(app: Recorder) -> Iterator[HttpServer]:
    with HttpServer(listen(0), app, _LIMITS) as running:
        yield running


def test_one_connection_serves_many_requests(server: HttpServer, app: Recorder) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    sockets = set()
    for number in range(50):
        connection.request("POST", f"/{number}", body=b"x" * number)
        response = connection.getresponse()
        assert response.read() == (b"x" * number or b"empty")
        sockets.add(connection.sock.getsockname())
    connection.close()
    assert len(sockets) == 1
    assert [request.head.path for request in app.requests] == [f"/{number}" for number in range(50)]


def test_pipelined_requests_are_answered_in_order(server: HttpServer) -> None:
    one = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
    two = _CHUNKED + b"\r\n2\r\ntw\r\n1;a=b\r\no\r\n0\r\nT: t\r\n\r\n"
    three = b"\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = raw(server.port, one + two + three)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"one", b"two", b"empty"]


def test_a_request_may_arrive_byte_by_byte(server: HttpServer) -> None:
    data = _CHUNKED + b"Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            sock.sendall(bytes([byte]))
        received = b""
        while block := sock.recv(65536):
            received += block
    assert parsed(received).body == b"abc"


def test_http_1_0_closes_unless_asked(server: HttpServer) -> None:
    reply = parsed(raw(server.port, b"GET / HTTP/1.0\r\n\r\n"))
    assert (reply.status, reply.header("Connection")) == (200, "close")
    kept = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + b"GET / HTTP/1.0\r\n\r\n"
    assert raw(server.port, kept).count(b"HTTP/1.1 200") == 2


def test_head_has_the_length_and_no_body(server: HttpServer) -> None:
    received = raw(server.port, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 5" in received
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_get_none(server: HttpServer, status: int) -> None:
    received = raw(server.port, b"GET /?%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % status)
    assert b"Content-Length" not in received
    assert received.endswith(b"\r\n\r\n")


def test_an_absolute_target_is_split(server: HttpServer, app: Recorder) -> None:
    raw(
        server.port,
        b"GET http://a.LOCALHOST:1/b%2Fc?d HTTP/1.1\r\nHost: A.localhost:1\r\nConnection: close\r\n\r\n",
    )
    head = app.requests[0].head
    assert (head.hostname, head.path, head.query) == ("a.localhost", "/b%2Fc", "d")


def test_expect_continue_is_answered_before_the_body_and_only_if_let_in(server: HttpServer) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
    head += b"Connection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.sendall(head % b"/in")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"abc")
        assert parsed(sock.recv(65536) + sock.recv(65536)).body == b"abc"
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.sendall(head % b"/refused")
        assert sock.recv(100).startswith(b"HTTP/1.1 403")


def test_a_refused_upload_still_sees_its_answer(server: HttpServer) -> None:
    body = os.urandom(3_000_000)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/refused", body=body)
    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize("size", [0, 999, 1000, 1001, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_arrive_whole_in_memory_and_spooled(
    server: HttpServer, app: Recorder, size: int, chunked: bool
) -> None:
    body = os.urandom(size)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    if chunked:
        blocks = (body[start : start + 70_001] for start in range(0, size, 70_001))
        connection.request(
            "POST", "/", body=blocks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
    else:
        connection.request("POST", "/", body=body)
    assert connection.getresponse().read() == (body or b"empty")
    connection.close()
    stored = app.requests[0].body
    assert stored.size == size
    assert stored.file is None or stored.file.closed


def test_sixteen_connections_at_once(server: HttpServer) -> None:
    def client(number: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for turn in range(50):
            body = f"{number}.{turn}".encode()
            connection.request("POST", "/", body=body)
            assert connection.getresponse().read() == body
        connection.close()
        return number

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(client, range(16))) == list(range(16))


def test_closing_lets_the_running_request_end_and_drops_the_idle(app: Recorder) -> None:
    server = HttpServer(listen(0), app, _LIMITS).start()
    app.gate.clear()
    with (
        socket.create_connection(("127.0.0.1", server.port)) as idle,  # first, so that it is accepted first
        closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as busy,
    ):
        busy.request("POST", "/", body=b"work")
        assert app.entered.wait(5)
        ending = threading.Thread(target=server.close)
        ending.start()
        assert idle.recv(1) == b""
        app.gate.set()
        response = busy.getresponse()
        assert (response.read(), response.headers["Connection"]) == (b"work", "close")
        ending.join(5)
        assert not ending.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port or 1))


def test_an_idle_connection_is_closed_in_the_end(app: Recorder) -> None:
    limits = Limits(idle=0.2)
    with (
        HttpServer(listen(0), app, limits) as server,
        socket.create_connection(("127.0.0.1", server.port)) as sock,
    ):
        began = time.monotonic()
        assert sock.recv(1) == b""
        assert time.monotonic() - began < 3


def test_connections_over_the_limit_are_told(app: Recorder) -> None:
    with HttpServer(listen(0), app, Limits(connections=2)) as server:
        held = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(2)]
        for connection in held:
            connection.request("GET", "/")
            connection.getresponse().read()
        assert parsed(raw(server.port, b"")).status == 503
        for connection in held:
            connection.close()


def test_only_the_loopback_interface_listens(server: HttpServer) -> None:
    address = next(
        (each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "127.0.0.1"
    )
    if str(address).startswith("127."):
        address = "127.0.0.2"  # also this machine, and not the address that is listened on
    with pytest.raises(OSError, match=r"refused|timed out"):
        socket.create_connection((str(address), server.port), 1)


def test_the_next_free_port_is_found(free_port: int) -> None:
    with listen_from(free_port) as first, listen_from(first.getsockname()[1]) as second:
        assert second.getsockname()[1] > first.getsockname()[1]
    with listen(0) as taken, pytest.raises(OSError, match="no free port"):
        listen_from(taken.getsockname()[1], tries=1)


def test_aws_chunked_is_a_content_encoding_and_stays_as_it_is(server: HttpServer, app: Recorder) -> None:
    body = b"3;chunk-signature=0\r\nabc\r\n0;chunk-signature=0\r\n\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("PUT", "/", body=body, headers={"Content-Encoding": "aws-chunked"})
    assert connection.getresponse().read() == body
    connection.close()
    assert app.requests[0].head.headers.get("content-encoding") == "aws-chunked"
