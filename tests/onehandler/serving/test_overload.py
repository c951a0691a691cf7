"""More requests than a worker can answer: those beyond are refused at once, those that take too long are given up."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.handler import Handler
from onehandler.message import Request, Response
from onehandler.serving.dispatch import Dispatch
from onehandler.serving.metrics import Metrics
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.serving.settings import ServingSettings
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW
from tests.onehandler.serving.servers import serving
from tests.onehandler.serving.servers import until as wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BODY = json.dumps({"rows": [ROW]}).encode()
REQUEST = Request("POST", "/predict", {"content-type": "application/json"}, BODY)
TENSORFLOW = Request("POST", "/v1/models/iris:predict", {"content-type": "application/json"}, BODY)


class Held(Handler):
    """Answers when it is let."""

    def preprocess(self, inputs: Any) -> Any:
        self.__dict__.setdefault("let", threading.Event()).wait(30)
        return inputs


@pytest.fixture
def held(tmp_path: Path) -> Held:
    found = Held.load(bundles.build("iris", tmp_path), Settings({"ONEHANDLER_THREADS": "1"}))
    assert isinstance(found, Held)
    found.let = threading.Event()  # type: ignore[attr-defined]
    return found


def let(held: Held) -> None:
    held.__dict__["let"].set()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def test_what_no_thread_will_get_to_is_refused_at_once(held: Held) -> None:
    metrics = Metrics.alone()
    dispatch = Dispatch(held, settings=ServingSettings(max_waiting=2), metrics=metrics)

    async def run() -> tuple[list[Response], Response, Response]:
        answers = [asyncio.ensure_future(dispatch.answer(REQUEST)) for _ in range(10)]
        await until(lambda: metrics.read().waiting == 2)
        native, tensorflow = await dispatch.answer(REQUEST), await dispatch.answer(TENSORFLOW)
        let(held)
        return await asyncio.gather(*answers), native, tensorflow

    answered, native, tensorflow = asyncio.run(run())
    assert [response.status for response in answered] == [200] * 10, "eight threads, and two that wait"
    assert (native.status, native.headers["retry-after"]) == (503, "1")
    assert json.loads(native.body)["detail"] == "too many requests wait already; send it again later"
    assert (tensorflow.status, list(json.loads(tensorflow.body))) == (503, ["error"]), "as its clients expect"
    totals = metrics.read()
    assert (totals.overloaded, totals.waiting, totals.answering) == (2, 0, 0)
    assert totals.by_status == {200: 10, 503: 2}


def test_what_takes_too_long_is_given_up_but_counted_until_it_ends(held: Held) -> None:
    metrics = Metrics.alone()
    dispatch = Dispatch(held, settings=ServingSettings(timeout=0.05, max_waiting=2), metrics=metrics)

    async def run() -> tuple[list[Response], int, int]:
        late = await asyncio.gather(*(dispatch.answer(REQUEST) for _ in range(10)))
        stuck = metrics.read().answering, metrics.read().waiting
        assert stuck == (8, 0), "threads that run go on; what had not begun is forgotten"
        let(held)
        await until(lambda: metrics.read().answering == 0)
        return late, (await dispatch.answer(REQUEST)).status, metrics.read().timed_out

    late, afterwards, timed_out = asyncio.run(run())
    assert [response.status for response in late] == [504] * 10
    assert json.loads(late[0].body)["type"] == "urn:onehandler:timed-out"
    assert "retry-after" in late[0].headers
    assert (afterwards, timed_out) == (200, 10)


def test_a_batch_does_not_wait_for_what_was_given_up(held: Held) -> None:
    batcher = MicroBatcher(held.runtime, 8, 1.0)
    slow = Held(held.bundle, batcher, held.settings)
    slow.let = threading.Event()  # type: ignore[attr-defined]
    dispatch = Dispatch(slow, batcher, settings=ServingSettings(timeout=0.05))

    async def run() -> int:
        late = await dispatch.answer(REQUEST)
        assert not batcher.idle, "its thread still has it"
        let(slow)
        await until(lambda: batcher.idle)
        return late.status

    assert asyncio.run(run()) == 504


def test_without_a_timeout_nothing_is_given_up(held: Held) -> None:
    dispatch = Dispatch(held)

    async def run() -> int:
        answer = asyncio.ensure_future(dispatch.answer(REQUEST))
        await asyncio.sleep(0.2)
        assert not answer.done()
        let(held)
        return (await answer).status

    assert asyncio.run(run()) == 200


SLOW = b"""
import time
from onehandler.handler import Handler
class Slow(Handler):
    def postprocess(self, outputs):
        time.sleep(0.5)
        return outputs
"""


def test_a_server_that_has_too_much_says_so_and_stays_well(tmp_path: Path) -> None:
    """Eight threads and four places to wait: of forty requests most are refused at once."""
    bundle = bundles.build("iris", tmp_path, files={"handler.py": SLOW}, samples={})
    with serving(bundle, "--workers", 1, "--max-waiting", 4, "--timeout", 20) as served:
        with ThreadPoolExecutor(40) as pool:
            asked = [pool.submit(served.post, {"rows": [ROW]}) for _ in range(40)]
            assert served.get("/ping")[0] == 200, "health checks never wait"
            found = [each.result()[0] for each in asked]
        assert set(found) == {200, 503}
        assert 12 <= found.count(200) < 40
        text = served.get("/metrics")[2].decode()
        assert f"onehandler_overloaded_total {found.count(503)}\n" in text
        assert "onehandler_requests_waiting 0\n" in text
        assert served.post({"rows": [ROW]})[0] == 200


HANGS = b"""
import time
from onehandler.handler import Handler
class Hangs(Handler):
    def postprocess(self, outputs):
        if outputs["label"].values() == [0]:
            time.sleep(600)
        return outputs
"""
HANGING = [-9.0, 0.0, 0.0, 0.0]  # the row whose label is 0


def test_a_worker_whose_threads_are_all_stuck_makes_room_for_another(tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path, files={"handler.py": HANGS}, samples={})
    with serving(bundle, "--workers", 1, "--timeout", 1, "--drain", 1) as served:
        [worker] = served.workers()
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: served.post({"rows": [HANGING]})[0], range(8)))
        assert found == [504] * 8
        wait_until(lambda: served.workers() not in ([], [worker]))
        assert served.ask([ROW])[0]["label"] == 2
        assert any("all threads are stuck" in line["message"] for line in served.logged())
