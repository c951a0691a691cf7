"""What the real server answers, on both of its ways: equal to the handler's own answer."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import bundles
from tests.bundles import ROW
from tests.conformance.carriers import Answer, direct
from tests.conformance.table import CASES, Case
from tests.onehandler.serving.servers import Served, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onehandler.handler import Handler
    from onehandler.message import Request

    ServedBy = Callable[[str], Served]


BODY = b'{"rows": [[5.1, 3.5, 1.4, 0.2]]}'
HEAD = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
SIZED = HEAD + b"content-length: %d\r\n" % len(BODY)


@pytest.fixture(scope="module")
def served_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBy]:
    """`served_by("iris")`: a server with that bundle and one worker."""
    folder = tmp_path_factory.mktemp("served")
    found: dict[str, Served] = {}
    with ExitStack() as stack:

        def start(name: str) -> Served:
            if name not in found:
                path = bundles.build(name, folder)
                server = serving(path, "--workers", 1, ONEHANDLER_MAX_BODY_MB="1")
                found[name] = stack.enter_context(server)
            return found[name]

        yield start


def carried(served: Served, request: Request, *, chunked: bool) -> Answer:
    """The answer over HTTP; chunked bodies go uvicorn's ordinary way."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    body = request.body or None
    try:
        connection.request(
            request.method,
            request.path + (f"?{request.query}" if request.query else ""),
            iter([body]) if chunked and body else body,
            dict(request.headers),
            encode_chunked=chunked and bool(body),
        )
        response = connection.getresponse()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
    finally:
        connection.close()


@pytest.mark.parametrize("chunked", [False, True], ids=["express", "ordinary"])
@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_both_ways_answer_as_the_handler_does(
    case: Case, chunked: bool, handler_of: Callable[[str], Handler], served_by: ServedBy
) -> None:
    expected = direct(handler_of(case.bundle), case.request)
    found = carried(served_by(case.bundle), case.request, chunked=chunked)
    assert (found.status, found.body) == (expected.status, expected.body)
    for header, value in expected.headers.items():
        assert found.headers.get(header) == value, header
    assert "date" in found.headers


def wire(request: Request) -> bytes:
    """A request as one packet."""
    target = request.path + (f"?{request.query}" if request.query else "")
    headers = {**request.headers, "host": "x", "content-length": str(len(request.body))}
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def answers(served: Served, *packets: bytes) -> list[tuple[int, bytes]]:
    """Status and body of one answer a packet, all on one connection, each waited for."""
    found = []
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            connection.sendall(packet)
            response = HTTPResponse(connection, method=packet.partition(b" ")[0].decode())
            response.begin()
            found.append((response.status, response.read()))
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_head_that_came_before_is_answered_as_the_first_time(
    case: Case, handler_of: Callable[[str], Handler], served_by: ServedBy
) -> None:
    expected = direct(handler_of(case.bundle), case.request)
    found = answers(served_by(case.bundle), *[wire(case.request)] * 3)
    assert found == [(expected.status, expected.body)] * 3


def test_what_a_known_head_says_of_its_body_stays_true(served_by: ServedBy) -> None:
    """Nothing that comes after a request may be taken for a part of it, nor its own body for another request."""
    served, whole = served_by("iris"), SIZED + b"\r\n" + BODY
    expected = answers(served, whole)
    assert answers(served, whole + b"\r\n", whole + b"\r\n", whole) == expected * 3
    padded = HEAD + b"content-length: %d\r\n\r\n" % (len(BODY) + 2) + BODY + b"\r\n"
    assert answers(served, padded, whole, padded, whole) == expected * 4
    cut = HEAD + b"content-length: %d\r\n\r\n" % (len(BODY) - 1) + BODY[:-1]
    assert [status for status, _ in answers(served, cut, whole, cut)] == [400, 200, 400]
    two = answers(served, whole + whole)
    assert two == expected
    assert exchange(served, whole + whole + whole, count=3).count(b"HTTP/1.1 200 OK") == 3
    assert exchange(served, whole[:-5], whole[-5:] + whole[:30], whole[30:], count=2).count(b"200 OK") == 2


def exchange(served: Served, *parts: bytes, count: int) -> bytes:
    """Send parts as packets of their own, and read until `count` answers with a body's end are there."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            time.sleep(0.02)  # the server sees one packet before the next
        found = b""
        while found.count(b'"version":"1"}}') < count:
            received = connection.recv(65536)
            if not received:
                break
            found += received
        return found


def test_pipelined_requests_are_answered_in_order(served_by: ServedBy) -> None:
    """Both ways mixed: the slower chunked one must not be overtaken."""
    chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    missing = b"GET /v1/models/nope HTTP/1.1\r\nhost: x\r\n\r\n"
    found = exchange(
        served_by("iris"), chunked + missing + SIZED + b"\r\n" + BODY + chunked + missing, count=3
    )
    assert re.findall(rb"HTTP/1.1 (\d+)", found)[:4] == [b"200", b"404", b"200", b"200"]


def test_a_request_may_come_in_many_packets(served_by: ServedBy) -> None:
    whole = SIZED + b"\r\n" + BODY
    found = exchange(served_by("iris"), *(whole[i : i + 40] for i in range(0, len(whole), 40)), count=1)
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_client_may_wait_for_100_continue(served_by: ServedBy) -> None:
    found = exchange(served_by("iris"), SIZED + b"expect: 100-continue\r\n\r\n", BODY, count=1)
    assert found.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "sized",
    [
        SIZED + b"connection: close\r\n",
        SIZED.replace(b"1.1", b"1.0"),
        SIZED.replace(b"1.1", b"1.0") + b"connection: keep-alive\r\n",
    ],
    ids=["close", "1.0", "1.0-keep-alive"],
)
def test_a_connection_ends_with_its_last_request(sized: bytes, served_by: ServedBy) -> None:
    found = exchange(served_by("iris"), sized + b"\r\n" + BODY, count=2)  # reads until the server closes
    assert found.count(b"HTTP/1.1 200 OK") == 1
    assert b"connection: close\r\n" in found


def test_nothing_is_answered_after_the_last_request(served_by: ServedBy) -> None:
    whole = SIZED + b"connection: close\r\n\r\n" + BODY
    assert exchange(served_by("iris"), whole * 8, count=9).count(b"HTTP/1.1") == 1


def test_an_endless_head_is_cut_off(served_by: ServedBy) -> None:
    with pytest.raises(OSError, match=r"reset|Broken pipe"):
        exchange(
            served_by("iris"), HEAD, *[b"x-%d: " % i + b"y" * 8000 + b"\r\n" for i in range(400)], count=1
        )


def test_answers_in_two_writes_are_not_delayed(served_by: ServedBy) -> None:
    """Nagle's algorithm and delayed acknowledgements together would take 40 ms a call."""
    connection = HTTPConnection("127.0.0.1", served_by("iris").port, timeout=30)
    started = time.monotonic()
    for _ in range(50):
        connection.request("POST", "/predict", iter([BODY]), {"content-type": "application/json"})
        connection.getresponse().read()
    assert time.monotonic() - started < 50 * 0.03
    connection.close()


def test_an_escaped_path_is_the_same_path(served_by: ServedBy) -> None:
    found = exchange(served_by("iris"), SIZED.replace(b"/predict", b"/%70redict") + b"\r\n" + BODY, count=1)
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")


def test_what_is_not_http_is_refused(served_by: ServedBy) -> None:
    assert exchange(served_by("iris"), b"HELLO\r\n\r\n", count=1).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/docs", "GET", 200), ("/", "POST", 405), ("/nope", "GET", 404)]
)
def test_pages_and_what_is_nobodys(path: str, method: str, status: int, served_by: ServedBy) -> None:
    connection = HTTPConnection("127.0.0.1", served_by("iris").port, timeout=30)
    connection.request(method, path)
    response = connection.getresponse()
    assert (response.status, bool(response.read())) == (status, True)
    connection.close()


def test_a_worker_loads_pydantic_and_numpy_for_pages_at_most(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 1) as served:
        [worker] = served.workers()
        assert served.ask([ROW])[0]["label"] == 2
        connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
        for path, loaded in (("/nope", False), ("/ping", False), ("/docs", True)):
            connection.request("GET", path)
            connection.getresponse().read()
            maps = Path(f"/proc/{worker}/maps").read_text()
            assert ("pydantic_core" in maps) is loaded, path
            assert "numpy" not in maps
            assert "libonnxruntime" in maps
        connection.close()
