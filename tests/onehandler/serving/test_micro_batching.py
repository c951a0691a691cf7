"""Requests joined into one run: which, when, and that nobody notices but for the time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from onehandler.errors import ModelError
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.signature import Signature, TensorSpec
from onehandler.tensor import Tensor
from tests.onehandler.serving.servers import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
