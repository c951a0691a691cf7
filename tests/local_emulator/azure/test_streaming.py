"""The HTTP streaming extension, as Microsoft's runtime carries it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from tests.local_emulator.azure.hosts import STREAMING_APP, Host, host_of, until
from tests.local_emulator.wire import raw

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def streaming() -> Iterator[Host]:
    """The packages of the app are installed from its requirements.txt, as a remote build does."""
    with host_of(STREAMING_APP) as running:
        yield running


def test_an_answer_comes_bit_by_bit(streaming: Host) -> None:
    with requests.get(f"{streaming.url}/count/4", stream=True, timeout=30) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        came = [(time.monotonic(), part) for part in answer.iter_content(None)]
    assert b"".join(part for _, part in came) == b"0\n1\n2\n3\n"
    assert came[-1][0] - came[0][0] > 0.4, "and not all at the end"


def test_a_client_of_http_1_0_gets_it_whole(streaming: Host) -> None:
    answer = raw(streaming.port, b"GET /count/3 HTTP/1.0\r\nHost: localhost\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-length: 6" in head.lower()
    assert body == b"0\n1\n2\n"


def test_bodies_arrive_whole_chunked_ones_included(streaming: Host) -> None:
    sized = requests.post(f"{streaming.url}/measure/a/b", data=b"x" * 3_000_000, timeout=30).json()
    assert (sized["bytes"], sized["rest"]) == (3_000_000, "a/b")
    chunked = requests.post(f"{streaming.url}/measure", data=(b"x" * 1000 for _ in range(50)), timeout=30)
    assert chunked.json()["bytes"] == 50_000


def test_a_failure_is_a_500_and_the_next_request_is_answered(streaming: Host) -> None:
    """The worker's server hangs up after a failure, without a word, on a connection that the host had kept."""
    for _ in range(3):
        assert requests.get(f"{streaming.url}/fail", timeout=30).status_code == 500
        assert requests.get(f"{streaming.url}/count/1", timeout=30).text == "0\n"


def test_many_at_once_and_after_a_pause(streaming: Host) -> None:
    def ask(number: int) -> int:
        return int(requests.post(f"{streaming.url}/measure", data=b"x" * number, timeout=60).json()["bytes"])

    for pause in (0.0, 0.0, 6.0):  # longer than the worker's server keeps an idle connection
        time.sleep(pause)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(1, 41))) == list(range(1, 41))


def test_a_head_request_keeps_the_connection_in_order(streaming: Host) -> None:
    for _ in range(3):
        assert requests.head(f"{streaming.url}/status/204", timeout=30).status_code == 204
        assert requests.get(f"{streaming.url}/status/200", timeout=30).text == "200"
        assert requests.get(f"{streaming.url}/status/204", timeout=30).content == b""
        assert requests.get(f"{streaming.url}/status/404", timeout=30).status_code == 404


def test_a_run_over_its_time_ends_the_worker(streaming: Host) -> None:
    before = streaming.emulator.worker_pids()
    assert requests.get(f"{streaming.url}/stuck", timeout=30).status_code == 500
    assert requests.post(f"{streaming.url}/measure", data=b"x", timeout=30).json()["pid"] not in before


def test_an_answer_that_breaks_off_is_no_whole_one(streaming: Host) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{streaming.url}/breaks", timeout=30)


def test_several_workers_each_get_their_own_invocations() -> None:
    with host_of(STREAMING_APP, {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}) as host:
        until(lambda: True if len(host.emulator.worker_pids()) == 2 else None, "two workers")
        told = [requests.post(f"{host.url}/measure", data=b"x" * n, timeout=60).json() for n in range(1, 9)]
        assert [answer["bytes"] for answer in told] == list(range(1, 9))
        assert len({answer["pid"] for answer in told}) == 2
