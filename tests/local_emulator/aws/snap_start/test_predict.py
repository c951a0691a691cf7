"""The deployed predict function under SnapStart: its model is warm in every restored instance."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layers.function import FUNCTIONS, build_function
from onehandler.pythons import this_version
from tests import bundles
from tests.adapters.aws_lambda.golden import golden
from tests.local_emulator.aws.snap_start.conftest import NEEDS_312

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_emulator.aws.snap_start.conftest import Snapping

# Tells each run of the model, and opens nothing.
pytestmark = NEEDS_312


TELLING = b"""
from onehandler.handler import Handler
runs = 0
class Telling(Handler):
    def predict(self, inputs):
        global runs
        runs += 1
        print("model run", runs)
        return super().predict(inputs)
"""


@pytest.fixture(scope="module")
def settings(
    snapping: Snapping, archives: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Code and layers as serverless.yml deploys them, with a bundle that tells of its runs."""
    folder = tmp_path_factory.mktemp("predict")
    bundle = Path(bundles.build("iris", folder, files={"handler.py": TELLING}))
    layers = {"onnx": archives["layer-onnx"], "web": archives["layer-web"]}
    code = build_function(FUNCTIONS["predict"], bundle, this_version(), layers, folder)
    publish = snapping.functions.publish_layer_version
    arns = [
        publish(LayerName=name, Content={"ZipFile": path.read_bytes()})["LayerVersionArn"]
        for name, path in layers.items()
    ]
    return {
        "Code": {"ZipFile": code.read_bytes()},
        "Handler": "functions.predict.handler",
        "Layers": arns,
        "MemorySize": 1769,
        "Timeout": 20,
    }


@contextmanager
def without_model_and_library(root: Path) -> Iterator[None]:
    """Neither can be opened: whatever is needed of them has to be in the process."""
    moved = [*root.rglob("bundle/model.onnx"), *root.rglob("lib/libonnxruntime.so*")]
    assert len(moved) == 2
    for path in moved:
        path.parent.chmod(0o755)
        path.rename(f"{path}.gone")
    yield
    for path in moved:
        Path(f"{path}.gone").rename(path)


def test_the_first_request_after_a_restore_makes_no_session(
    snapping: Snapping, settings: dict[str, Any]
) -> None:
    snapping.create("predict", "", **settings)
    found = snapping.publish("predict")
    assert found["State"] == "Active", found
    log = snapping.log("predict", until="INIT_REPORT")
    warmed = log.count("model run")
    assert warmed >= 1
    with without_model_and_library(snapping.root):
        answered = snapping.invoke("predict", golden("http_api"))
    assert answered.payload["statusCode"] == 200, answered
    assert json.loads(answered.payload["body"])["predictions"][0]["label"] == 2
    assert answered.log.startswith("RESTORE_START ")
    assert f"model run {warmed + 1}\n" in answered.log


def test_a_cold_start_is_counted_once_an_instance(snapping: Snapping, settings: dict[str, Any]) -> None:
    snapping.create("counted", "", **settings)
    snapping.publish("counted")
    first, second = (snapping.invoke("counted", golden("http_api")) for _ in range(2))
    assert [answered.log.count('"ColdStart":[1.0]') for answered in (first, second)] == [1, 0]
    assert snapping.log("counted", until="Version: 1").count('"_aws"') <= 3  # none of them from warming
