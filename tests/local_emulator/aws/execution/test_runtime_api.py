from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest

from local_emulator.aws.execution.runtime_api import (
    Call,
    Delivery,
    MalformedRequest,
    RequestReader,
    RuntimeRequest,
    invocation_head,
)

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
RESPONSE = (
    b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\n"
    b"content-length: 8\r\n\r\n" + b'{"a": 1}'
)
INIT_ERROR = (
    b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    b"Lambda-Runtime-Function-Error-Type: Runtime.ImportModuleError\r\n\r\n{}"
)
CASES = {
    NEXT: RuntimeRequest(Call.NEXT),
    RESPONSE: RuntimeRequest(Call.RESPONSE, "r-1", body=b'{"a": 1}', body_size=8),
    RESPONSE.replace(b"/response", b"/error"): RuntimeRequest(
        Call.ERROR, "r-1", body=b'{"a": 1}', body_size=8
    ),
    INIT_ERROR: RuntimeRequest(Call.INIT_ERROR, "", "Runtime.ImportModuleError", b"{}", 2),
    NEXT.replace(b"invocation/next", b"restore/next"): RuntimeRequest(Call.RESTORE_NEXT),
    INIT_ERROR.replace(b"init", b"restore"): RuntimeRequest(
        Call.RESTORE_ERROR, "", "Runtime.ImportModuleError", b"{}", 2
    ),
    NEXT.replace(b"next", b"previous"): RuntimeRequest(Call.UNKNOWN),
    NEXT.replace(b"GET", b"POST"): RuntimeRequest(Call.UNKNOWN),
}


@pytest.mark.parametrize("data", CASES)
def test_requests_whole_and_in_pieces(data: bytes) -> None:
    again = RequestReader(1000, "x")
    assert [again.feed(data) for _ in range(3)] == [CASES[data]] * 3
    reader, drawn = RequestReader(1000, "x"), random.Random(data)
    for _ in range(20):
        cuts = sorted({0, len(data), *(drawn.randrange(1, len(data)) for _ in range(5))})
        pieces = [data[start:end] for start, end in pairwise(cuts)]
        assert [reader.feed(piece) for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
        assert reader.feed(pieces[-1]) == CASES[data]


def test_a_body_over_the_limit_is_counted_and_not_kept() -> None:
    reader = RequestReader(7, "x")
    for _ in range(2):
        assert reader.feed(RESPONSE[:-3]) is None
        found = reader.feed(RESPONSE[-3:])
        assert found is not None
        assert (found.body, found.body_size) == (b"", 8)
    assert reader.feed(NEXT) == RuntimeRequest(Call.NEXT)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello\r\n\r\n", "no request line"),
        (RESPONSE.replace(b": 8", b": x"), "is no number"),
        (RESPONSE.replace(b": 8", b": -8"), "is no number"),
        (RESPONSE.replace(b"content-length: 8", b"Transfer-Encoding: chunked"), "chunked"),
        (b"GET " + b"x" * 5_000_000, "head over"),
        (NEXT.replace(b"Accept: */*", b"Origin: http://evil.example"), "web page"),
        (NEXT.replace(b"Accept: */*", b"Sec-Fetch-Site: cross-site"), "web page"),
        (
            NEXT.replace(b"Host: x", b"Host: evil.example"),
            "refused a request to Host 'evil.example'; this is x",
        ),
        (NEXT.replace(b"Host: x\r\n", b""), "refused a request to Host ''"),
    ],
)
def test_what_no_runtime_client_sends(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        RequestReader(1000, "x").feed(data)


@pytest.mark.parametrize("context", ['{"a": "\u2603"}', '{\r\n"a":\n1}', "no json\r\nX-Evil: 1", "\u2603\n"])
def test_a_client_context_is_one_header_line_of_ascii(context: str) -> None:
    head = invocation_head(Delivery("r", 5, "arn", "trace", context, 2))
    lines = head.decode("ascii").split("\r\n")
    assert lines[-2:] == ["", ""]
    assert lines[-3] == "Content-Length: 2"
    assert [line.partition(":")[0] for line in lines[1:-2]] == [
        "Content-Type",
        "Lambda-Runtime-Aws-Request-Id",
        "Lambda-Runtime-Deadline-Ms",
        "Lambda-Runtime-Invoked-Function-Arn",
        "Lambda-Runtime-Trace-Id",
        "Lambda-Runtime-Client-Context",
        "Content-Length",
    ]
    assert "\n" not in "".join(lines)
    if context.startswith("{"):
        assert json.loads(lines[-4].partition(": ")[2]) == json.loads(context)
