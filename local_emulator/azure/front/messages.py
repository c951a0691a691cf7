"""HTTP requests as functions get them, and what functions answer as HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local_emulator.azure.bindings.execution import Occasion
from local_emulator.azure.workers.contracts import Value
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_emulator.azure.workers.contracts import Outcome
    from local_emulator.http.messages import HeaderItems, HttpRequest

_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
_SAME_SITE = {1: "lax", 2: "strict", 3: "none"}
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)


def occasion_of(request: HttpRequest, parameters: Mapping[str, str], *, with_body: bool = True) -> Occasion:
    """Give a request in the host's form: names in lower case, repeated values joined, empty ones left out."""
    head = request.head
    # The host reads a body where Content-Length says that there is one: what comes in chunks is not passed on.
    counted = with_body and head.headers.get("content-length") is not None
    body = request.body.read() if counted else b""
    query = _joined(parse_qsl(head.query, keep_blank_values=True))
    headers = _joined((name.lower(), value) for name, value in head.headers)
    content = {
        "method": head.method,
        "url": f"http://{head.host or 'localhost'}{head.target}",
        "headers": headers,
        "params": dict(parameters),
        "query": query,
        "body": ["bytes", body] if body else None,
    }
    named = {**parameters, "Query": query, "Headers": headers}
    return Occasion(Value("http", content), {}, named, body)


def response_of(outcome: Outcome, *, answers: bool) -> HttpResponse:
    """Give what a run answers; `answers`: the function has an http output. Failures are an empty 500."""
    if outcome.failure:
        return HttpResponse(500)
    value = outcome.returned
    if value is None:
        value = next((found for found in outcome.outputs.values() if found and found.kind == "http"), None)
    if value is None or not answers:
        return HttpResponse(204)
    if value.kind != "http":
        return HttpResponse(200, _TEXT, value.as_bytes())
    content = value.content
    headers = [(name, text) for name, text in content["headers"].items() if name.lower() not in _HOP]
    headers += [("Set-Cookie", _cookie(cookie)) for cookie in content["cookies"]]
    body = content["body"]
    data = b"" if body is None else Value(body[0], body[1]).as_bytes()
    return HttpResponse(int(content["status_code"]), tuple(headers), data)


def json_answer(status: int, value: object) -> HttpResponse:
    """Build an answer of the admin API."""
    headers: HeaderItems = (("Content-Type", "application/json; charset=utf-8"),)
    return HttpResponse(status, headers, json.dumps(value).encode())


def _joined(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, list[str]] = {}
    for name, value in items:
        if value:
            joined.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in joined.items()}


def _cookie(cookie: Mapping[str, Any]) -> str:
    """Write a cookie as ASP.NET Core does."""
    parts = [f"{cookie['name']}={cookie['value']}"]
    if cookie["max_age"]:
        parts.append(f"max-age={int(cookie['max_age']['value'])}")
    if cookie["expires"]:
        moment = datetime.fromtimestamp(cookie["expires"]["value"]["seconds"], UTC)
        parts.append(f"expires={moment:%a, %d %b %Y %H:%M:%S} GMT")
    texts = ((name, (cookie[name] or {}).get("value")) for name in ("domain", "path"))
    parts += [f"{name}={text}" for name, text in texts if text]
    parts += [word for name, word in (("secure", "secure"), ("http_only", "httponly")) if _true(cookie[name])]
    if cookie["same_site"] in _SAME_SITE:
        parts.append(f"samesite={_SAME_SITE[cookie['same_site']]}")
    return "; ".join(parts)


def _true(flag: Mapping[str, bool] | None) -> bool:
    return flag is not None and flag["value"]
