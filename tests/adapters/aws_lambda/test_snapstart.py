"""What stands around a snapshot: a warm model before, fresh random states after."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from adapters.aws_lambda import snapstart
from adapters.aws_lambda.entry import Call
from onehandler.errors import BundleError
from onehandler.handler import Handler
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry
from tests import bundles
from tests.adapters.aws_lambda.golden import Context

ROOT = Path(__file__).parents[3]
REGISTERING = """
import sys
from snapshot_restore_py import get_after_restore, get_before_snapshot, register_after_restore
def theirs(): ...
register_after_restore(theirs)
from functions import predict
print([hook.__name__ for hook, _, _ in get_before_snapshot()], [hook.__name__ for hook, _, _ in get_after_restore()])
"""


def loaded(bundle: str) -> tuple[Handler, list[dict[str, Any]]]:
    """A handler, and the records that it will have logged."""
    handler = Handler.load(bundle, Settings({}))
    records: list[dict[str, Any]] = []
    handler.telemetry = Telemetry("s", "n", "INFO", write=lambda line: records.append(json.loads(line)))
    return handler, records


@pytest.mark.parametrize("name", bundles.NAMES)
def test_warming_runs_the_model_and_leaves_no_trace(name: str, tmp_path: Path) -> None:
    handler, records = loaded(bundles.build(name, tmp_path))
    runs: list[object] = []
    run = handler.predict
    handler.predict = lambda inputs: runs.append(inputs) or run(inputs)  # type: ignore[method-assign,func-returns-value]
    snapstart.warm(handler)
    assert len(runs) >= 3  # from the second on, a run may go another, faster way
    assert records == []  # neither a call nor a cold start is counted
    handler.telemetry.begin(Call(Context()))
    assert [record["ColdStart"] for record in records] == [[1.0]]


def test_a_model_that_refuses_its_own_sample_is_not_published(tmp_path: Path) -> None:
    handler, _ = loaded(bundles.build("lookup", tmp_path, samples={"rows": [99]}))
    with pytest.raises(BundleError, match=r"cannot be warmed: a sample was answered 422: .*on its values"):
        snapstart.warm(handler)


def test_without_samples_a_refusal_is_only_told(tmp_path: Path) -> None:
    code = b"""
from onehandler.errors import InvalidInput
from onehandler.handler import Handler
class Picky(Handler):
    def preprocess(self, inputs):
        raise InvalidInput("no zeros, please")
"""
    handler, records = loaded(bundles.build("fixed", tmp_path, files={"handler.py": code}))
    snapstart.warm(handler)
    assert [record["level"] for record in records] == ["WARNING"]
    assert "no zeros, please" in records[0]["message"]


def test_a_model_that_draws_numbers_is_told(tmp_path: Path) -> None:
    inputs, outputs = [bundles.spec("x", "float32", [-1])], [bundles.spec("noisy", "float32", [-1])]
    nodes = [
        helper.make_node("RandomNormalLike", ["x"], ["noise"]),
        helper.make_node("Add", ["x", "noise"], ["noisy"]),
    ]
    model = bundles.make_model(nodes, inputs, outputs)
    handler, records = loaded(bundles.write(tmp_path / "noise", "noise", model, inputs, outputs, [1.0]))
    snapstart.warm(handler)
    assert [record["level"] for record in records] == ["WARNING"]
    assert "draws random numbers (RandomNormalLike)" in records[0]["message"]


@pytest.mark.parametrize("renewed", [False, True])
def test_two_restores_of_one_snapshot_draw_different_numbers(renewed: bool) -> None:
    """A snapshot restored twice: the same state of memory, twice."""
    import ssl  # noqa: F401 - renewed, too, once it is there

    states = random.getstate(), np.random.get_state()
    drawn = []
    for _ in range(2):
        random.setstate(states[0])
        np.random.set_state(states[1])
        if renewed:
            snapstart.renew()
        drawn.append((random.random(), np.random.random()))
    for first, second in zip(*drawn, strict=True):
        assert (first != second) is renewed


@pytest.mark.parametrize(
    ("initialisation", "before", "after"),
    [("on-demand", [], ["theirs"]), ("snap-start", ["warm"], ["renew", "theirs"])],
)
def test_hooks_are_registered_where_snapstart_is_on(
    initialisation: str, before: list[str], after: list[str], tmp_path: Path
) -> None:
    environment = {
        "PYTHONPATH": str(ROOT),
        "ONEHANDLER_BUNDLE": bundles.build("iris", tmp_path),
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialisation,
    }
    command = [sys.executable, "-c", REGISTERING]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{before} {after}\n"
