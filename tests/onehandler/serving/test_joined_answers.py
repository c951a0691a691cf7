"""Micro-batching from the client's side: everybody gets their own answer, the same as without."""

from __future__ import annotations

import asyncio
import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.serving.asgi import Application
from onehandler.serving.dispatch import Dispatch
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.settings import Settings
from tests import bundles
from tests.onehandler.serving.servers import serving

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.runtimes import Runtime
    from onehandler.tensor import Tensor, Tensors

NEVER = 60.0  # seconds of waiting that no test has


class Counted:
    """A runtime that notes the rows of each run of another."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.signature = runtime.signature
        self.close = runtime.close
        self.rows: list[int] = []

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        self.rows.append(next(iter(inputs.values())).shape[0])
        return self._runtime.run(inputs)


def some_rows(name: str, chance: random.Random) -> list[Any]:
    """One to three rows that no other request has."""
    count = chance.randint(1, 3)
    if name == "mixed":
        return [
            {
                "age": chance.randint(0, 99),
                "visits": chance.randint(0, 999),
                "city": chr(chance.randint(33, 999)),
            }
            for _ in range(count)
        ]
    return [[chance.randint(-64, 64) / 8 for _ in range(4 if name == "iris" else 3)] for _ in range(count)]


@pytest.mark.parametrize("name", ["iris", "mixed", "regression"])
def test_joined_answers_are_the_same_bytes(name: str, tmp_path: Path) -> None:
    """Through the ASGI application, bad requests among good ones."""
    plain = Handler.load(bundles.build(name, tmp_path), Settings({"ONEHANDLER_THREADS": "1"}))
    counted = Counted(plain.runtime)
    batcher = MicroBatcher(counted, 16, NEVER)
    chance = random.Random(7)
    bodies = [{"rows": some_rows(name, chance)} for _ in range(96)]
    bodies[5::8] = [{"rows": [["bad"]]}] * len(bodies[5::8])
    application = Application(Dispatch(Handler(plain.bundle, batcher, plain.settings), batcher))

    async def asked(app: Any) -> list[tuple[int, bytes]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            found = await asyncio.gather(*(client.post("/predict", json=body) for body in bodies))
            return [(response.status_code, response.content) for response in found]

    joined = asyncio.run(asked(application))
    assert max(counted.rows) > 3
    assert sum(counted.rows) == sum(len(body["rows"]) for body in bodies if body["rows"] != [["bad"]])
    alone = asyncio.run(asked(Application(Dispatch(plain))))
    assert joined == alone
    assert {status for status, _ in joined} == {200, 422}


SLOW = b"""
import time
from onehandler.handler import Handler
class Slow(Handler):
    def preprocess(self, inputs):
        time.sleep(0.003)
        return inputs
"""


def test_the_real_server_gives_everybody_their_own(tmp_path: Path) -> None:
    path = bundles.build("iris", tmp_path, files={"handler.py": SLOW})
    plain = Handler.load(bundles.build("iris", tmp_path / "plain"), Settings({}))
    chance = random.Random(8)
    asked = [some_rows("iris", chance) for _ in range(300)]
    with (
        serving(path, "--workers", 2, "--max-batch", 8, "--max-wait", 20) as served,
        ThreadPoolExecutor(16) as pool,
    ):
        found = list(pool.map(served.ask, asked))
    expected = Dispatch(plain)
    for rows, predictions in zip(asked, found, strict=True):
        assert predictions == answer_of(expected, rows)


def answer_of(dispatch: Dispatch, rows: list[Any]) -> Any:
    body = json.dumps({"rows": rows}).encode()
    request = Request("POST", "/predict", {"content-type": "application/json"}, body)
    return json.loads(dispatch.now(request).body)["predictions"]
