"""What stays on the event loop, and what goes to a thread."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.models.repository import Models
from onehandler.serving.dispatch import QUICK, SMALL, Dispatch
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW

if TYPE_CHECKING:
    from pathlib import Path

JSON = {"content-type": "application/json"}
ONE = json.dumps({"rows": [ROW]}).encode()
SLOW = 10 * QUICK


def post(body: bytes = ONE) -> Request:
    return Request("POST", "/predict", JSON, body)


class Clock:
    """Every request takes `seconds` by it, however busy the machine is."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self.seconds
        return self._now


class Observed(Handler):
    """Notes the threads it ran on."""

    def preprocess(self, inputs: Any) -> Any:
        self.threads = [*getattr(self, "threads", []), threading.current_thread()]
        return inputs


@pytest.fixture
def observed(tmp_path: Path) -> Observed:
    handler = Observed.load(bundles.build("iris", tmp_path), Settings({"ONEHANDLER_THREADS": "1"}))
    assert isinstance(handler, Observed)
    return handler


def test_a_quick_model_answers_here(observed: Observed) -> None:
    assert asyncio.run(Dispatch(observed, seconds=QUICK / 2).answer(post())).status == 200
    assert observed.threads == [threading.current_thread()]


def test_a_model_is_slow_until_shown_to_be_quick(observed: Observed) -> None:
    dispatch = Dispatch(observed, clock=Clock(QUICK / 4))
    for _ in range(60):
        asyncio.run(dispatch.answer(post()))
    assert observed.threads[0] is not threading.current_thread()
    assert observed.threads[-1] is threading.current_thread()


def test_one_long_call_sends_the_next_ones_to_threads(observed: Observed) -> None:
    dispatch = Dispatch(observed, seconds=QUICK / 2, clock=Clock(0.1))
    dispatch.now(post())
    assert not dispatch.at_once(post())


def test_one_call_that_was_held_up_a_little_does_not(observed: Observed) -> None:
    dispatch = Dispatch(observed, seconds=QUICK / 4, clock=Clock(0.003))
    dispatch.now(post())
    assert dispatch.at_once(post())


def test_large_bodies_go_to_a_thread_whatever_the_model(observed: Observed) -> None:
    dispatch = Dispatch(observed, seconds=0.0)
    assert dispatch.at_once(post(b" " * SMALL))
    assert not dispatch.at_once(post(b" " * (SMALL + 1)))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_runs_no_model_never_waits_for_a_thread(method: str, observed: Observed) -> None:
    assert Dispatch(observed, seconds=SLOW).at_once(Request(method, "/healthz", {}, b""))


def test_what_may_load_a_model_never_holds_up_the_others(tmp_path: Path) -> None:
    for name in ("iris", "wide"):
        os.renames(bundles.build(name, tmp_path / "new"), tmp_path / "models" / name / "1")
    models = Models.load(str(tmp_path / "models"), Settings({"ONEHANDLER_THREADS": "1"}))
    dispatch = Dispatch(models, seconds=0.0)
    assert not dispatch.at_once(post())
    assert not dispatch.at_once(Request("GET", "/v1/models/wide/metadata", {}, b""))
    assert dispatch.at_once(Request("GET", "/ping", {}, b""))
    models.close()


def test_nothing_that_could_wait_for_a_batch_is_answered_here(observed: Observed) -> None:
    batcher = MicroBatcher(observed.runtime, 8, 1.0)
    dispatch = Dispatch(Handler(observed.bundle, batcher, observed.settings), batcher, seconds=0.0)
    assert dispatch.at_once(post())
    batcher.join()
    assert not dispatch.at_once(post())
    batcher.leave()
    assert dispatch.at_once(post())
