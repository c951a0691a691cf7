"""Lambda's events with whatever a client can put into them, and payloads of a direct invocation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapters.aws_lambda import entry_point
from onehandler.errors import OnehandlerError
from onehandler.message import Request
from tests.adapters.aws_lambda.golden import KINDS, Context, event_for
from tests.conformance.table import CASES
from tests.fuzz.world import handler

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    """The first byte says which source; then path, query, content type and body, with NULs between."""
    if not data:
        return
    event = _direct(data[1:]) if data[0] % 6 == 5 else _web(KINDS[data[0] % 6], data[1:])
    try:
        result = entry_point(handler("iris"), web=_nothing)(event, Context())
    except OnehandlerError:
        assert isinstance(event, dict)
        assert "Records" in event  # refused by an exception, so that no queue deletes them
        return
    assert result.get("statusCode", result.get("status", 200)) < 500, result
    json.dumps(result)


def _direct(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _web(kind: str, data: bytes) -> dict[str, Any]:
    path, query, media, body = (*data.split(b"\0", 3), b"", b"", b"", b"")[:4]
    request = Request("POST", "/predict" + path.decode("utf-8", "replace"), {}, body)
    event = event_for(kind, request)
    headers = {"content-type": media.decode("latin-1")} if media else {}
    event["headers"] = headers
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    if "rawQueryString" in event:
        event["rawQueryString"] = query.decode("utf-8", "replace")
    else:
        event["queryStringParameters"] = {"shape": query.decode("utf-8", "replace")}
    return event


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application for paths that are nobody's: FastAPI is not what is looked at here."""
    await receive()
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def seeds() -> Iterator[bytes]:
    for case in CASES[:60]:
        for number in range(6):
            media = case.headers.get("content-type", "").encode()
            head = b"" if number == 5 else b"\0".join([b"", b"1,4", media, b""])
            if len(case.body) < 1000:
                yield bytes([number]) + head + case.body
    yield b'\5{"Records":[{"s3":{}}]}'
