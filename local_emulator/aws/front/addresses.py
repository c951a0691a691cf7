"""Where a request is going when it names an API or a function URL: by host name, or by path.

`{id}.execute-api.localhost:4566/dev/items` and `127.0.0.1:4566/_api/{id}/dev/items` are the same address; the
second is for clients whose resolver does not know names under localhost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.front.lanes import service_host

if TYPE_CHECKING:
    from local_emulator.http.messages import RequestHead


@dataclass(frozen=True, slots=True)
class Address:
    """An id, the domain name that events show, and the path after it, still percent-encoded."""

    id: str
    domain_name: str
    path: str


def address_of(head: RequestHead, label: str, prefix: str) -> Address:
    """Read the address of a request that claims `{id}.{label}.localhost` or `{prefix}{id}/…`."""
    host = service_host(head.hostname)
    if host is not None and host[1] == label:
        return Address(host[0], head.hostname, head.path)
    found_id, _, path = head.path.removeprefix(prefix).partition("/")
    return Address(found_id, f"{found_id}.{label}.localhost", f"/{path}")
