"""Bytes of requests under way: those that there is no room for are refused while they arrive."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.serving.dispatch import Dispatch
from onehandler.serving.endpoint import Endpoint
from onehandler.serving.metrics import Metrics
from onehandler.serving.room import Room
from onehandler.serving.settings import ServingSettings
from tests.bundles import ROW

if TYPE_CHECKING:
    from onehandler.handler import Handler

BODY = json.dumps({"rows": [ROW]}).encode()
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/predict",
    "query_string": b"",
    "http_version": "1.1",
    "headers": [(b"content-type", b"application/json")],
}


def test_one_alone_gets_what_it_needs_and_others_what_is_left() -> None:
    room = Room(10)
    first, second = room.enter(), room.enter()
    assert first.take(8)
    assert first.take(100), "it is alone"
    assert not second.take(1)
    first.leave()
    assert second.take(6)
    assert second.take(6), "alone, too"
    assert not first.take(1)
    second.leave()
    second.leave()
    assert first.take(10)


class Client:
    """Sends a body in parts, each when it is let; gathers the answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.parts: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.answer = asyncio.ensure_future(endpoint(dict(SCOPE), self._receive, self._send))

    async def status(self) -> int:
        await self.answer
        return int(self.sent[0]["status"])

    async def _receive(self) -> dict[str, Any]:
        body, more = await self.parts.get()
        return {"type": "http.request", "body": body, "more_body": more}

    async def _send(self, message: Any) -> None:
        self.sent.append(dict(message))


@pytest.mark.parametrize("first_ends", ["answered", "left"])
def test_a_body_that_there_is_no_room_for_is_not_awaited(first_ends: str, iris: Handler) -> None:
    metrics = Metrics.alone()
    dispatch = Dispatch(iris, settings=ServingSettings(max_held=len(BODY) + 2), metrics=metrics)
    endpoint = Endpoint(dispatch)

    async def run() -> list[int]:
        first, second = Client(endpoint), Client(endpoint)
        first.parts.put_nowait((BODY[:-1], True))
        await asyncio.sleep(0)
        second.parts.put_nowait((BODY[:9], True))  # the rest never comes
        refused = await second.status()
        if first_ends == "answered":
            first.parts.put_nowait((BODY[-1:], False))
            assert await first.status() == 200
        else:
            first.answer.cancel()
            await asyncio.gather(first.answer, return_exceptions=True)
        third = Client(endpoint)
        third.parts.put_nowait((BODY, False))
        return [refused, await third.status()]

    assert asyncio.run(run()) == [503, 200]
    assert metrics.read().overloaded == 1
