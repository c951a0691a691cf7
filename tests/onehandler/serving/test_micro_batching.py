"""Requests joined into one run: which, when, and that nobody notices but for the time."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from onehandler.errors import ModelError
from onehandler.handler import Handler
from onehandler.serving.asgi import Application
from onehandler.serving.dispatch import Dispatch
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.settings import Settings
from onehandler.signature import Signature, TensorSpec
from onehandler.tensor import Tensor
from tests import bundles
from tests.onehandler.serving.servers import serving, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from onehandler.runtimes import Runtime
    from onehandler.tensor import Tensors

NEVER = 60.0  # seconds of waiting that no test has


def x(*values: float, width: int = 1) -> Tensors:
    return {
        "x": Tensor.of("float32", (len(values), width), [value for value in values for _ in range(width)])
    }


class Doubling:
    """A runtime that waits at a gate, notes the rows of each run, and fails on values above 9."""

    def __init__(self) -> None:
        spec = Tensor.of("float32", (0,), []).dtype
        self.signature = Signature([TensorSpec("x", spec, (-1, -1))], [TensorSpec("y", spec, (-1, -1))])
        self.gate = threading.Event()
        self.gate.set()
        self.runs: list[list[float]] = []
        self.began = threading.Semaphore(0)

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        tensor = inputs["x"]
        values = tensor.values()
        self.runs.append(values)
        self.began.release()
        assert self.gate.wait(30)
        if any(value > 9 for value in values):
            raise ModelError("a value above 9")
        return {"y": Tensor.of("float32", tensor.shape, [2 * value for value in values])}

    def close(self) -> None:
        pass


class Crowd:
    """Requests on threads of their own, all over one batcher."""

    def __init__(self, runtime: Doubling, batcher: MicroBatcher) -> None:
        self.runtime, self.batcher = runtime, batcher
        self._pool = ThreadPoolExecutor(16)

    def ask(self, inputs: Tensors) -> Callable[[], list[float]]:
        """Start a request that the batcher knows of when this returns; gives what waits for its answer."""
        known = threading.Event()

        def answered() -> list[float]:
            with announced(self.batcher):
                known.set()
                return self.batcher.run(inputs)["y"].values()

        future = self._pool.submit(answered)
        assert known.wait(30)
        return lambda: future.result(30)

    def hold(self, inputs: Tensors) -> Callable[[], list[float]]:
        """The same, and its run doesn't end before the gate is opened."""
        self.runtime.gate.clear()
        answer = self.ask(inputs)
        assert self.runtime.began.acquire(timeout=30)
        return answer

    def gathered(self, count: int) -> None:
        """Wait until so many requests stand in line, then open the gate."""
        until(lambda: len(self.batcher._waiting) == count)
        self.runtime.gate.set()


@contextmanager
def announced(batcher: MicroBatcher) -> Iterator[None]:
    """A request that is being answered, as far as the batcher knows."""
    batcher.join()
    try:
        yield
    finally:
        batcher.leave()


@contextmanager
def crowd(max_rows: int = 8, max_wait: float = NEVER) -> Iterator[Crowd]:
    runtime = Doubling()
    made = Crowd(runtime, MicroBatcher(runtime, max_rows, max_wait))
    with made._pool:
        yield made
    assert made.batcher.idle


def test_one_alone_does_not_wait() -> None:
    with crowd() as people:
        started = time.monotonic()
        assert people.ask(x(1))() == [2]
        assert people.batcher.run(x(2, 3))["y"].values() == [4, 6]  # nobody announced it
        assert time.monotonic() - started < 5


def test_those_that_come_during_a_run_share_the_next() -> None:
    with crowd() as people:
        first = people.hold(x(1))
        others = [people.ask(x(value, value + 0.5)) for value in (2, 3, 4)]
        people.gathered(3)
        assert first() == [2]
        assert [answer() for answer in others] == [[4, 5], [6, 7], [8, 9]]
        assert sorted(map(len, people.runtime.runs)) == [1, 6]


def test_a_run_has_no_more_rows_than_allowed() -> None:
    with crowd(max_rows=4) as people:
        answers = [people.hold(x(0)), *(people.ask(x(value)) for value in range(1, 7))]
        people.gathered(6)
        assert [answer() for answer in answers] == [[2 * value] for value in range(7)]
        assert list(map(len, people.runtime.runs)) == [1, 4, 2]


def test_a_request_with_more_rows_than_allowed_runs_alone() -> None:
    with crowd(max_rows=4) as people:
        answers = [people.hold(x(0)), people.ask(x(1))]
        until(lambda: len(people.batcher._waiting) == 1)
        answers += [people.ask(x(*range(6)))]
        people.gathered(2)
        assert [answer() for answer in answers] == [[0], [2], [0, 2, 4, 6, 8, 10]]
        assert list(map(len, people.runtime.runs)) == [1, 1, 6]


def test_only_rows_of_one_shape_are_joined_and_none_is_forgotten() -> None:
    with crowd() as people:
        answers = [people.hold(x(0))]
        answers += [people.ask(x(value, width=1 + value % 2)) for value in range(1, 7)]
        people.gathered(6)
        assert [answer() for answer in answers] == [[2 * value] * (1 + value % 2) for value in range(7)]
        assert sorted(map(len, people.runtime.runs)) == [1, 3, 6]


def test_one_that_fails_harms_nobody_else() -> None:
    with crowd() as people:
        answers = [people.hold(x(0)), *(people.ask(x(value)) for value in (1, 99, 3))]
        people.gathered(3)
        assert [answers[i]() for i in (0, 1, 3)] == [[0], [2], [6]]
        with pytest.raises(ModelError, match="a value above 9"):
            answers[2]()


def test_waiting_for_others_has_an_end() -> None:
    with crowd(max_wait=0.1) as people, announced(people.batcher):  # one that never comes to its run
        started = time.monotonic()
        assert people.ask(x(1))() == [2]
        assert 0.1 <= time.monotonic() - started < 5


def test_a_full_group_waits_for_nobody() -> None:
    with crowd(max_rows=2) as people, announced(people.batcher):
        answers = [people.ask(x(1)), people.ask(x(2))]
        assert [answer() for answer in answers] == [[2], [4]]
        assert people.runtime.runs in ([[1, 2]], [[2, 1]])


def test_no_rows_are_nobodys_company() -> None:
    with crowd() as people, announced(people.batcher):
        assert people.batcher.run({"x": Tensor.of("float32", (0, 1), [])})["y"].shape == (0, 1)


def test_those_who_left_are_not_waited_for() -> None:
    with crowd() as people:
        with announced(people.batcher):
            answer = people.ask(x(1))
            until(lambda: len(people.batcher._waiting) == 1)
            assert people.runtime.runs == []
        assert answer() == [2]


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
    import json

    from onehandler.message import Request

    body = json.dumps({"rows": rows}).encode()
    request = Request("POST", "/predict", {"content-type": "application/json"}, body)
    return json.loads(dispatch.now(request).body)["predictions"]
