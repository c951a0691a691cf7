"""Who a request says it comes from. The emulator reads signatures; it verifies none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from local_emulator.http.messages import RequestHead

_SCOPE = re.compile(r"([^/\s,]+)/[0-9]{8}/([^/\s,]*)/([^/\s,]+)/aws4_request")
_PRESIGNED = re.compile(r"(?:^|&)X-Amz-Credential=([^&]+)")


@dataclass(frozen=True, slots=True)
class Credential:
    """The credential scope of a Signature Version 4."""

    access_key: str
    region: str
    service: str


def credential_of(head: RequestHead) -> Credential | None:
    """Read the credential scope from the Authorization header or a presigned URL; None when unsigned."""
    text = head.headers.get("authorization")
    if text is None:
        presigned = _PRESIGNED.search(head.query)
        text = unquote(presigned.group(1)) if presigned else ""
    match = _SCOPE.search(text)
    return None if match is None else Credential(match.group(1), match.group(2), match.group(3).lower())


def signed_service(head: RequestHead) -> str | None:
    """Give the service that a request is signed for, or None when it is unsigned."""
    credential = credential_of(head)
    return None if credential is None else credential.service
