"""HTTP/1.1 as the host may send it, and as nobody should."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING

import pytest

from onehandler.message import Response
from tests.adapters.azure_functions.served import streaming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.azure_functions.streaming.connection import Asked

LIMIT = 200_000


def told(asked: Asked) -> Response:
    if asked.target == "/fails":
        raise ZeroDivisionError
    if asked.target == "/large":
        return Response(200, {"content-type": "application/octet-stream"}, b"x" * 5_000_000)
    if asked.target == "/unheard-of":
        return Response(599, {}, b"")
    if asked.target == "/none":
        return Response(204, {}, b"")
    request = asked.request("base")
    body = [request.method, request.path, request.query, request.request_id, len(request.body)]
    return Response(200, {"content-type": "application/json"}, json.dumps(body).encode())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with streaming(told, LIMIT) as found:
        yield found


def exchanged(port: int, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_lengths_and_chunks_arrive_whole_on_one_connection(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"x-ms-invocation-id": "id-1", "Content-Type": "text/plain"}
    for size in (0, 1, 100_000, LIMIT):
        for body in (b"x" * size, iter([b"x" * (size // 2), b"", b"x" * (size - size // 2)])):
            connection.request("POST", "/base/predict%20a?b=%2F&c", body, headers)
            answer = connection.getresponse()
            assert answer.status == 200
            assert json.loads(answer.read()) == ["POST", "/predict a", "b=%2F&c", "id-1", size]
    connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_of_a_body_that_is_too_large_enough_is_read_to_refuse_it(port: int, chunked: bool) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    body = iter([b"x" * (LIMIT + 1)]) if chunked else b"x" * (LIMIT + 1)
    connection.request("POST", "/predict", body)
    answer = connection.getresponse()
    assert json.loads(answer.read())[-1] == LIMIT + 1
    assert answer.getheader("connection") == "close"
    connection.close()


def test_large_answers_faults_and_answers_without_a_body(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)

    def get(path: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer, answer.read()

    assert len(get("/large")[1]) == 5_000_000
    answer, body = get("/fails")
    assert (answer.status, json.loads(body)["title"]) == (500, "Internal error")
    assert get("/unheard-of")[0].status == 599
    answer, body = get("/none")
    assert (answer.status, body, answer.getheader("content-length")) == (204, b"", None)
    answer, body = get("/predict", "HEAD")
    assert (answer.status, body) == (200, b"")
    connection.close()


def test_who_waits_for_permission_gets_it(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            b"POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b'["POST", "/p", "", "", 3]')


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nname : value\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 3, 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_ends_the_connection(port: int, raw: bytes) -> None:
    answer = exchanged(port, raw)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close" in answer


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nname: " + b"x" * 100_000,
        b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc",
    ],
)
def test_what_is_cut_off_gets_no_answer(port: int, raw: bytes) -> None:
    assert exchanged(port, raw) == b""


def test_several_requests_at_once_are_answered_in_order(port: int) -> None:
    answer = exchanged(port, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nconnection: close\r\n\r\n")
    assert answer.index(b'"/a"') < answer.index(b'"/b"')
