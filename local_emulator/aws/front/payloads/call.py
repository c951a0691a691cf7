"""One HTTP request on its way to a function, with everything an event says about it."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.http.messages import HttpRequest

# Hop by hop (RFC 9110 7.6.1): about the connection to the gateway, no business of the function.
_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Seen on AWS: these are text, everything else is base64, forms and bodies without a content type included.
# https://github.com/ministackorg/ministack/pull/766
_TEXT = re.compile(r"text/.+|application/(?:json|javascript|xml)")


@dataclass(frozen=True, slots=True)
class Call:
    """What both payload formats are made of."""

    request: HttpRequest
    account_id: str
    api_id: str
    domain_name: str
    path: str  # as events show it, with the stage
    route_key: str
    stage: str
    request_id: str
    trace_id: str
    time_s: float  # since the epoch
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, object] | None = None  # requestContext.authorizer, whole

    @property
    def time(self) -> str:
        """The time in the Common Log Format: 12/Mar/2020:19:03:58 +0000."""
        return datetime.fromtimestamp(self.time_s, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")

    @property
    def time_epoch_ms(self) -> int:
        """The same time in milliseconds since the epoch."""
        return int(self.time_s * 1000)

    @property
    def user_agent(self) -> str:
        """The client's User-Agent, or the empty string."""
        return self.request.head.headers.get("user-agent") or ""


def new_request_id() -> str:
    """Make an id in the form of HTTP APIs: 16 characters of base64."""
    return base64.b64encode(secrets.token_bytes(11)).decode()


def new_trace_id(time_s: float) -> str:
    """Make an X-Ray trace header."""
    return f"Root=1-{int(time_s):08x}-{secrets.token_hex(12)}"


def forwarded_headers(call: Call) -> list[tuple[str, str]]:
    """Give the fields that reach the function: the client's, without hop-by-hop, and the gateway's."""
    head = call.request.head
    port = head.host.rpartition(":")[2] if re.search(r":[0-9]+$", head.host) else "80"
    before = head.headers.get("x-forwarded-for")
    ours = [
        ("X-Amzn-Trace-Id", call.trace_id),
        ("X-Forwarded-For", f"{before}, {head.peer}" if before else head.peer),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http"),
    ]
    if "content-length" not in head.headers:  # AWS always gives it, "0" without a body
        ours.append(("Content-Length", str(call.request.body.size)))
    replaced = {name.lower() for name, _ in ours} | _HOP
    return [(name, value) for name, value in head.headers if name.lower() not in replaced] + ours


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Decode a query string, keeping order, repeats and empty values."""
    return parse_qsl(query, keep_blank_values=True)


def event_body(request: HttpRequest) -> tuple[str | None, bool]:
    """Give the body as events carry it, and whether it is base64: text by content type, and valid UTF-8."""
    data = request.body.read()
    if not data:
        return None, False
    kind = (request.head.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if _TEXT.fullmatch(kind):
        try:
            return data.decode(), False
        except UnicodeDecodeError:
            pass  # compressed, or another charset: base64 carries it unharmed
    return base64.b64encode(data).decode(), True
