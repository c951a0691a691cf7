"""HTTP functions under Microsoft's runtime: what they get, and how what they answer arrives."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from tests.local_emulator.wire import raw

if TYPE_CHECKING:
    from tests.local_emulator.azure.hosts import Host


def test_a_request_arrives_whole(host: Host) -> None:
    answer = requests.post(
        f"{host.url}/api/echo/x%20y/12?a=1&a=2&b=&c=%C3%A9",
        data=b"\x00\xffbody",
        headers={"X-Thing": "One", "Content-Type": "application/octet-stream"},
        timeout=30,
    )
    told = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert told["method"] == "POST"
    assert told["url"] == f"{host.url}/api/echo/x%20y/12?a=1&a=2&b=&c=%C3%A9"
    assert told["query"] == {"a": "1,2", "c": "é"}, "the host joins repeated values and drops empty ones"
    assert told["route"] == {"kind": "x y", "number": "12"}
    assert told["headers"]["x-thing"] == "One"
    assert told["body"].encode("latin-1") == b"\x00\xffbody"
    assert told["function"] == "echo"
    assert told["invocation"]


def test_optional_parameters_and_constraints(host: Host) -> None:
    assert requests.get(f"{host.url}/api/echo/x", timeout=30).json()["route"] == {"kind": "x"}
    assert requests.get(f"{host.url}/API/Echo/x", timeout=30).status_code == 200, "case doesn't matter"
    assert requests.get(f"{host.url}/api/echo/x/notanumber", timeout=30).status_code == 404


def test_an_answer_arrives_whole(host: Host) -> None:
    answer = requests.get(f"{host.url}/api/teapot", timeout=30)
    assert answer.status_code == 418
    assert answer.content == b"\x00\xff"
    assert answer.headers["X-Kind"] == "tea"
    assert answer.headers["Content-Type"] == "x/y"
    assert answer.raw.headers.getlist("Set-Cookie") == [
        "a=1; path=/; httponly; samesite=lax",
        "b=2; max-age=5; secure",
    ]


def test_a_text_is_an_answer(host: Host) -> None:
    answer = requests.get(f"{host.url}/api/setting/GREETING", timeout=30)
    assert answer.text == "hello"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_failure_is_an_empty_500(host: Host) -> None:
    answer = requests.get(f"{host.url}/api/fail", timeout=30)
    assert (answer.status_code, answer.content) == (500, b"")


def test_a_method_that_no_route_takes_is_not_found(host: Host) -> None:
    assert requests.get(f"{host.url}/api/enqueue", timeout=30).status_code == 404
    assert requests.get(f"{host.url}/api/none", timeout=30).status_code == 404
    assert "up and running" in requests.get(f"{host.url}/", timeout=30).text


def test_many_at_once(host: Host) -> None:
    def ask(number: int) -> int:
        answer = requests.post(f"{host.url}/api/echo/x/{number}", data=b"x" * number, timeout=30)
        told = answer.json()
        return int(told["route"]["number"]) if len(told["body"]) == number else -1

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(1, 65))) == list(range(1, 65))


def test_a_chunked_body_is_not_passed_on_as_on_azure(host: Host) -> None:
    told = requests.post(f"{host.url}/api/echo/x", data=iter([b"abc"]), timeout=30).json()
    assert told["body"] == ""
    assert told["headers"]["transfer-encoding"] == "chunked"


def test_a_large_body_arrives(host: Host) -> None:
    answer = requests.post(f"{host.url}/api/echo/x", data=b"x" * 20_000_000, timeout=60)
    assert len(answer.json()["body"]) == 20_000_000


def test_a_body_over_the_limit_is_refused_unread(host: Host) -> None:
    head = "POST /api/echo/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857601\r\n\r\n"
    assert raw(host.port, head.encode()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/pid HTTP/1.1\r\n\r\n",
        b"GET /api/pid HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /api/pid HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /api/pid HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /api/pid HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    ],
    ids=["nonsense", "no-host", "two-hosts", "two-framings", "negative-length", "null-byte"],
)
def test_malformed_requests_are_refused(host: Host, request_bytes: bytes) -> None:
    assert raw(host.port, request_bytes).startswith(b"HTTP/1.1 400 ")


def test_other_sites_pages_and_names_are_kept_out(host: Host) -> None:
    url = f"{host.url}/api/pid"
    assert requests.get(url, headers={"Host": "evil.example"}, timeout=30).status_code == 403
    assert requests.post(url, headers={"Origin": "https://evil.example"}, timeout=30).status_code == 403
    assert requests.post(url, headers={"Origin": "http://localhost:3000"}, timeout=30).status_code == 200


def test_the_developers_environment_is_not_the_apps(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "x")
    assert requests.get(f"{host.url}/api/setting/SECRET_OF_MINE", timeout=30).text == "(not there)"
    assert requests.get(f"{host.url}/api/setting/FUNCTIONS_WORKER_RUNTIME", timeout=30).text == "python"
    storage = requests.get(f"{host.url}/api/setting/AzureWebJobsStorage", timeout=30).text
    assert storage == host.emulator.connection_string


def test_the_import_path_is_azures(host: Host) -> None:
    told = json.loads(requests.get(f"{host.url}/api/where", timeout=30).text)
    own = told["functions"].rpartition("/azure/functions/")[0]
    assert told["path"][0] == own, "the worker's packages first, where the app brings none"
    assert told["path"][-1] == told["cwd"]
    repository = __file__.rpartition("/tests/")[0]
    assert repository not in told["path"]


def test_what_an_app_logs_comes_with_its_invocation(host: Host) -> None:
    requests.get(f"{host.url}/api/pid", timeout=30)
    logged = [line for line in host.log if line.text == "pid asked"]
    assert logged
    assert logged[-1].invocation_id
    assert not logged[-1].system


def test_blob_inputs(host: Host) -> None:
    host.put("copies/there.txt", b"\xffcontent")
    assert requests.get(f"{host.url}/api/read/there", timeout=30).content == b"\xffcontent"
    assert requests.get(f"{host.url}/api/read/absent", timeout=30).content == b"(none)"


def test_every_element_of_a_list_is_a_message(host: Host) -> None:
    assert requests.get(f"{host.url}/api/fan", timeout=30).text == "sent"
    received = [host.wait_for_message("fan").content for _ in range(3)]
    assert sorted(received) == ["b25l", "dGhyZWU=", "dHdv"], "in base64, as host.json's default is"


def test_an_expression_that_nothing_gives_fails_the_run(host: Host) -> None:
    assert requests.get(f"{host.url}/api/unresolved", timeout=30).status_code == 500


def test_a_body_nested_without_end_does_not_trouble_the_host(host: Host) -> None:
    """The host looks into JSON bodies for names that bindings may use."""
    answer = requests.post(f"{host.url}/api/read/absent", data=b"[" * 200_000, timeout=30)
    assert answer.content == b"(none)"
