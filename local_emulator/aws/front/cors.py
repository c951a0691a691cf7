"""Cross-origin resource sharing, as HTTP APIs and function URLs configure it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from local_emulator.aws.front.ports import Cors
    from local_emulator.http.messages import RequestHead

_PREFIX = "access-control-"


def is_preflight(head: RequestHead) -> bool:
    """Tell whether a browser asks for permission before the request it means."""
    return (
        head.method == "OPTIONS" and "origin" in head.headers and _PREFIX + "request-method" in head.headers
    )


def preflight(cors: Cors, head: RequestHead, status: int) -> HttpResponse:
    """Answer a preflight request; an origin that is not allowed gets no permission, and no error either."""
    headers = _origin_headers(cors, head)
    if headers:
        lists = (("allow-methods", cors.allow_methods), ("allow-headers", cors.allow_headers))
        headers += [(_PREFIX + name, ",".join(values)) for name, values in lists if values]
        if cors.max_age_s is not None:
            headers.append((_PREFIX + "max-age", str(cors.max_age_s)))
    return HttpResponse(status, tuple(headers))


def apply(cors: Cors | None, head: RequestHead, response: HttpResponse) -> HttpResponse:
    """Put the configured fields on; the function's own count only without configuration."""
    if cors is None:
        return response
    headers = [pair for pair in response.headers if not pair[0].lower().startswith(_PREFIX)]
    ours = _origin_headers(cors, head)
    if ours and cors.expose_headers:
        ours.append((_PREFIX + "expose-headers", ",".join(cors.expose_headers)))
    return HttpResponse(response.status, (*headers, *ours), response.body)


def _origin_headers(cors: Cors, head: RequestHead) -> list[tuple[str, str]]:
    origin = head.headers.get("origin")
    allowed = None if origin is None else _allowed(cors, origin)
    if allowed is None:
        return []
    headers = [(_PREFIX + "allow-origin", allowed)]
    if cors.allow_credentials:
        headers.append((_PREFIX + "allow-credentials", "true"))
    return headers


def _allowed(cors: Cors, origin: str) -> str | None:
    """Give the value of Access-Control-Allow-Origin, or None. `https://*` stands for every https origin."""
    for pattern in cors.allow_origins:
        if pattern == "*":
            return origin if cors.allow_credentials else "*"
        wild = pattern.endswith("://*") and origin.startswith(pattern[:-1])
        if wild or pattern.lower() == origin.lower():
            return origin
    return None
