"""Ask an ASGI application in process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


def ask(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    """One request; `options` are httpx's (json, content, headers)."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(asked())
