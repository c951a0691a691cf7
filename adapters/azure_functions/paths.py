"""The path of a request, as the core knows it."""

from __future__ import annotations

from urllib.parse import unquote


def path_of(path: str, base_path: str) -> str:
    """Percent-decoded, and without the base path of a gateway that stands before the app."""
    found = unquote(path) or "/"
    if base_path and f"{found}/".startswith(f"/{base_path}/"):
        return found[len(base_path) + 1 :] or "/"
    return found
