"""Addresses that templates put together for AWS, turned into those of the emulator.

osls writes `https://{api}.execute-api.{region}.amazonaws.com` into outputs and, where asked to, into the
environment of functions. Left alone, `osls info` would print a URL that leads to AWS, and functions would
call it. Only ids that exist here are touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_EXECUTE_API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True, slots=True)
class LocalAddresses:
    """Knows the port that the emulator answers on, and which HTTP APIs there are."""

    port: Callable[[], int]
    is_api: Callable[[str], bool]

    def api(self, api_id: str) -> str:
        """Give the base URL of an HTTP API."""
        return f"http://{api_id}.execute-api.localhost:{self.port()}"

    def function_url(self, url_id: str) -> str:
        """Give a function URL."""
        return f"http://{url_id}.lambda-url.localhost:{self.port()}/"

    def localise(self, value: Any) -> Any:
        """Replace addresses of AWS in every string within a value."""
        if isinstance(value, str):
            return _EXECUTE_API.sub(self._replace, value) if ".execute-api." in value else value
        if isinstance(value, list):
            return [self.localise(item) for item in value]
        if isinstance(value, dict):
            return {name: self.localise(item) for name, item in value.items()}
        return value

    def _replace(self, match: re.Match[str]) -> str:
        return self.api(match[1]) if self.is_api(match[1]) else match[0]
