"""Access keys: the master key, the host's default key, one of each function, and those of extensions."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from local_emulator.http.messages import RequestHead

ANONYMOUS, FUNCTION, SYSTEM, ADMIN = 0, 1, 2, 3
LEVELS = {"anonymous": ANONYMOUS, "function": FUNCTION, "admin": ADMIN}
HEADER = "x-functions-key"


def _made() -> str:
    return secrets.token_urlsafe(40)


@dataclass(slots=True)
class Keys:
    """All keys of an app; those that are not given are made at random."""

    master: str = field(default_factory=_made)
    default: str = field(default_factory=_made)
    functions: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)

    def of_function(self, name: str) -> str:
        """Give a function's own key."""
        return self.functions.setdefault(name.lower(), _made())

    def of_extension(self, name: str) -> str:
        """Give the system key of a webhook: "eventgrid" or "blobs"."""
        return self.extensions.setdefault(name.lower(), _made())

    def level_of(self, head: RequestHead, function: str = "", extension: str = "") -> int:
        """Give the level that a request's key is good for: on this function, or this extension's webhook."""
        given = head.headers.get(HEADER) or dict(parse_qsl(head.query)).get("code", "")
        if _same(given, self.master):
            return ADMIN
        if extension and _same(given, self.of_extension(extension)):
            return SYSTEM
        if _same(given, self.default) or (function and _same(given, self.of_function(function))):
            return FUNCTION
        return ANONYMOUS


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())


def refusal_status(given: int, needed: int) -> int | None:
    """Give 401 to who shows no key that counts, 403 to who shows one that is too low, None to the others."""
    if given >= needed:
        return None
    return 401 if given == ANONYMOUS else 403
