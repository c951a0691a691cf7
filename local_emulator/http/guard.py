"""Keeps web pages away from the emulator.

The emulator runs code that it is given, on the developer's machine, for whoever can reach its port, and any
page open in a browser there can send requests to it. Three doors are closed:

- DNS rebinding (a page's own domain name made to point at 127.0.0.1): the Host header then names the page's
  domain, and only names that always mean this machine are let in. `*.amazonaws.com` is not among them:
  clients that are given this endpoint never send it.
- Requests across origins: browsers put the page's origin on every request other than a plain GET or HEAD,
  simple form posts included, and such a request is refused before its body is read.
- Plain GETs across origins (`<img src>`), which carry no Origin: Sec-Fetch-Site tells them, or Referer.

Pages served from this machine are let in: whoever develops one wants it to work. HTTP APIs and function URLs
are made to be called by pages; there the API's own CORS configuration decides, as on AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local_emulator.http.messages import problem

if TYPE_CHECKING:
    from local_emulator.http.messages import HttpResponse, RequestHead

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def refusal(head: RequestHead, *, public: bool) -> HttpResponse | None:
    """Give the 403 that answers this request, or None to let it in. `public`: CORS decides on origins."""
    if not is_loopback(head.hostname):
        return _foreign_host(head.hostname)
    if public:
        return None
    origin = head.headers.get("origin")
    if origin is not None:
        return None if _is_loopback_url(origin) else _foreign_origin("Origin", origin)
    return _refuse_untold(head)


def is_loopback(hostname: str) -> bool:
    """Tell whether a host name means this machine wherever it is resolved (RFC 6761 6.3 for localhost)."""
    return hostname in _LOOPBACK or hostname.endswith(".localhost")


def _refuse_untold(head: RequestHead) -> HttpResponse | None:
    """Decide on a request without an Origin: from a program, or a page's plain GET."""
    referer = head.headers.get("referer")
    if referer is not None:
        return None if _is_loopback_url(referer) else _foreign_origin("Referer", referer)
    if head.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        return _foreign_origin("Sec-Fetch-Site", "cross-site")
    return None


def _is_loopback_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        hostname = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:  # "null", file:, browser extensions
        return False
    return is_loopback(f"[{hostname}]" if ":" in hostname else hostname)


def _foreign_host(hostname: str) -> HttpResponse:
    detail = (
        f"the Host header names '{hostname[:100]}', which is not this machine; accepted are 127.0.0.1, "
        "localhost, [::1] and *.localhost: give your client the endpoint with one of these names"
    )
    return problem(403, "Foreign Host", detail)


def _foreign_origin(field: str, value: str) -> HttpResponse:
    detail = (
        f"the {field} header says that another site's page sent it ('{value[:100]}'); accepted are programs, "
        "and pages from localhost, 127.0.0.1, [::1] and *.localhost: call it from one of these"
    )
    return problem(403, "Foreign Origin", detail)
