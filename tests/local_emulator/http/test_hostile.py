"""Raw bytes that no honest client sends: each gets its status, and never a hang or a traceback."""

from __future__ import annotations

import re
import socket
import threading
from random import Random
from typing import TYPE_CHECKING

import pytest

from local_emulator.http.limits import Limits
from local_emulator.http.messages import HttpResponse
from local_emulator.http.server import HttpServer, listen
from tests.local_emulator.wire import parsed, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.http.messages import HttpRequest, RequestHead

_LIMITS = Limits(head=8192, request_line=2048, header_count=20, body=100_000, body_in_memory=10_000, read=0.5)


class Echo:
    def admit(self, head: RequestHead) -> HttpResponse | None:
        return None

    def answer(self, request: HttpRequest) -> HttpResponse:
        if request.head.path == "/crash":
            raise RuntimeError("secret detail")
        if request.head.path == "/split":
            return HttpResponse(200, (("X-A", "a\r\nX-B: b"),))
        return HttpResponse(200, (), request.body.read())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with HttpServer(listen(0), Echo(), _LIMITS) as server:
        yield server.port


# The module's server outlives single tests; its own test looks for leaks.
@pytest.fixture(autouse=True)
def no_leaked_threads() -> None:
    return None


_H = b"Host: x\r\n"
_CASES = {
    "no method": (b" / HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "tab": (b"GET\t/ HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "no version (0.9)": (b"GET /\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + _H + b"\r\n", 505),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "bare LF": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "bare LF in a header": (b"GET / HTTP/1.1\r\n" + _H + b"A: b\nC: d\r\n\r\n", 400),
    "bare CR in a header": (b"GET / HTTP/1.1\r\n" + _H + b"A: b\rC: d\r\n\r\n", 400),
    "NUL in a header": (b"GET / HTTP/1.1\r\n" + _H + b"A: \x00\r\n\r\n", 400),
    "folded header": (b"GET / HTTP/1.1\r\n" + _H + b"A: b\r\n c\r\n\r\n", 400),
    "space before colon": (b"GET / HTTP/1.1\r\n" + _H + b"A : b\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\n" + _H + b"A\r\n\r\n", 400),
    "empty name": (b"GET / HTTP/1.1\r\n" + _H + b": b\r\n\r\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\n" + _H + b"Host: y\r\n\r\n", 400),
    "Host with a space": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "Host with a user": (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "Host and target differ": (b"GET http://y/ HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "ftp target": (b"GET ftp://x/ HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "bad IPv6 target": (b"GET http://[x/ HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "relative target": (b"GET a/b HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "fragment": (b"GET /#a HTTP/1.1\r\n" + _H + b"\r\n", 400),
    "raw UTF-8 target": ("GET /ü HTTP/1.1\r\n".encode() + _H + b"\r\n", 400),
    "CONNECT": (b"CONNECT x:443 HTTP/1.1\r\n" + _H + b"\r\n", 501),
    "long request line": (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\n" + _H + b"\r\n", 414),
    "many headers": (b"GET / HTTP/1.1\r\n" + _H + b"A: b\r\n" * 30 + b"\r\n", 431),
    "large headers": (b"GET / HTTP/1.1\r\n" + _H + b"A: " + b"b" * 9000 + b"\r\n\r\n", 431),
    "endless head": (b"GET / HTTP/1.1\r\n" + _H + b"A: " + b"b" * 9000, 431),
    "length and encoding": (
        b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two lengths": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "the same length twice": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 3\r\n" * 2 + b"\r\nabc", 400),
    "list of lengths": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "negative length": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: -1\r\n\r\n", 400),
    "signed length": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: +3\r\n\r\nabc", 400),
    "hexadecimal length": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "length with underscore": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 1_0\r\n\r\n" + b"a" * 10, 400),
    "superscript length": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: \xb3\r\n\r\nabc", 400),
    "length over the limit": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 100001\r\n\r\n", 413),
    "astronomic length": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", 400),
    "chunked in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "gzip encoding": (b"POST / HTTP/1.1\r\n" + _H + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "identity encoding": (b"POST / HTTP/1.1\r\n" + _H + b"Transfer-Encoding: identity\r\n\r\n", 501),
    "chunked twice": (
        b"POST / HTTP/1.1\r\n" + _H + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
        501,
    ),
    "disguised encoding": (
        b"POST / HTTP/1.1\r\n" + _H + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "unknown expectation": (b"POST / HTTP/1.1\r\n" + _H + b"Expect: tea\r\nContent-Length: 1\r\n\r\na", 417),
    "crash in the application": (b"GET /crash HTTP/1.1\r\n" + _H + b"Connection: close\r\n\r\n", 500),
    "split response header": (b"GET /split HTTP/1.1\r\n" + _H + b"Connection: close\r\n\r\n", 500),
    "unfinished head": (b"GET / HTTP/1.1\r\n" + _H, 408),
    "unfinished body": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 10\r\n\r\nabc", 408),
    "unfinished spooled body": (b"POST / HTTP/1.1\r\n" + _H + b"Content-Length: 20000\r\n\r\nabc", 408),
}
_CHUNKED = b"POST / HTTP/1.1\r\n" + _H + b"Transfer-Encoding: chunked\r\n\r\n"
_CHUNKS = {
    "no size": (b"\r\n\r\n", 400),
    "negative size": (b"-1\r\n\r\n", 400),
    "prefixed size": (b"0x3\r\nabc\r\n0\r\n\r\n", 400),
    "size with underscore": (b"1_0\r\n", 400),
    "longer than stated": (b"3\r\nabcd\r\n0\r\n\r\n", 400),
    "ended by LF": (b"3\nabc\n0\n\n", 400),
    "huge size": (b"f" * 15 + b"\r\n", 413),
    "size of 16 digits": (b"f" * 16 + b"\r\n", 400),
    "endless extension": (b"3;" + b"a" * 9000, 400),
    "extension with NUL": (b"3;\x00\r\nabc\r\n0\r\n\r\n", 400),
    "sum over the limit": (
        b"c350\r\n" + b"a" * 50_000 + b"\r\n" + b"c351\r\n" + b"a" * 50_001 + b"\r\n0\r\n\r\n",
        413,
    ),
    "endless trailers": (b"0\r\n" + b"A: b\r\n" * 50, 431),
    "unfinished": (b"3\r\nab", 408),
}
_ALL = _CASES | {f"chunked: {name}": (_CHUNKED + data, status) for name, (data, status) in _CHUNKS.items()}


@pytest.mark.parametrize("name", _ALL)
def test_hostile_bytes_get_their_status_and_the_connection_ends(port: int, name: str) -> None:
    data, status = _ALL[name]
    received = raw(port, data)
    reply = parsed(received)
    assert reply.status == status
    assert reply.header("Connection") == "close"
    assert b"Traceback" not in received
    assert b"secret" not in received
    assert b"X-B" not in received
    assert received.count(b"\r\nDate: ") == 1


def test_a_smuggled_request_is_never_answered(port: int) -> None:
    inner = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    outer = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert raw(port, outer % (5 + len(inner)) + inner).count(b"\r\nDate: ") == 1


def test_a_client_that_goes_away_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    partial = (
        b"",
        b"GET / HT",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
        _CHUNKED + b"3\r\na",
    )
    with HttpServer(listen(0), Echo(), _LIMITS) as server:
        for data in partial:
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(data)
    assert set(threading.enumerate()) <= before


_SEEDS = (
    b"POST /a%20b?c=d HTTP/1.1\r\nHost: x:80\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"PUT http://x/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n",
)
_BYTES = b"\r\n\t :;,?#%/\\\x00\x7f\x80\xff0aZ-_"


def mutated(random: Random) -> bytes:
    """Change a few bytes of a good request: replace, insert, delete, repeat, cut off."""
    data = bytearray(random.choice(_SEEDS))
    for _ in range(random.randint(1, 4)):
        at, byte = random.randrange(len(data)), random.choice(_BYTES)
        kind = random.randrange(5)
        if kind == 0:
            data[at] = byte
        elif kind == 1:
            data.insert(at, byte)
        elif kind == 2 and len(data) > 1:
            del data[at]
        elif kind == 3:
            data[at:at] = data[at : at + random.randint(1, 30)]
        else:
            del data[max(at, 1) :]
    return bytes(data)


def test_mutated_requests_never_hang_or_break_the_server(port: int) -> None:
    random = Random(20260101)  # a fixed seed: a failure can be repeated
    for _ in range(600):
        data = mutated(random)
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            received = b""
            while block := sock.recv(65536):
                received += block
        for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) [A-Z][A-Za-z -]+\r\n", received):
            assert int(status) < 500 or status in {b"501", b"505"}, data
    assert (
        parsed(raw(port, _SEEDS[0].replace(b"\r\nExpect: 100-continue", b"\r\nConnection: close"))).body
        == b"hello"
    )
