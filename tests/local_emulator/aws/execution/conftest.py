"""One Lambda runtime environment for all tests; an executor for each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.execution.executor import Executor
from local_emulator.aws.execution.interpreters import Interpreters
from local_emulator.aws.execution.limits import Limits
from tests.local_emulator.aws.execution.functions import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def interpreters() -> Interpreters:
    """Kept between runs, as the emulator keeps it: installing takes seconds."""
    return Interpreters(Path(sys.prefix) / "lambda-runtime")


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def make_executor(
    tmp_path: Path, interpreters: Interpreters, lines: Lines
) -> Iterator[Callable[..., Executor]]:
    """Executors with other limits or another clock; closed after the test, which must leave nothing."""
    made: list[Executor] = []

    def make(clock: Callable[[], float] | None = None, **limits: Any) -> Executor:
        arguments = {} if clock is None else {"clock": clock}
        endpoint = "http://127.0.0.1:4566"
        executor = Executor(tmp_path / "lambda", interpreters, endpoint, lines, Limits(**limits), **arguments)
        made.append(executor)
        return executor

    yield make
    for executor in made:
        executor.close()
    assert list((tmp_path / "lambda").iterdir()) == []


@pytest.fixture
def executor(make_executor: Callable[..., Executor]) -> Executor:
    return make_executor()
