"""Requests as TorchServe's, Azure Machine Learning's and Vertex AI's documentation types them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import bundles
from tests.bundles import CLASSES, COLUMNS, ROW
from tests.clients.servers import serving
from tests.clients.test_curl import curl
from tests.prepared import COLOURS, encoded, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of a model of images and one of texts."""
    folder = tmp_path_factory.mktemp("documented-others")
    with (
        serving(bundles.build("photo", folder), folder) as photo,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("ONEHANDLER_PREDICT_PATH", "/v1/endpoints/1:predict")
        with serving(bundles.build("review", folder), folder) as review:
            yield {"photo": photo, "review": review}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "command",
    [
        "curl http://localhost:8000/predictions/photo -T kitten_small.img",
        "curl http://localhost:8000/predictions/photo/1 -T kitten_small.img",
        'curl -X POST http://localhost:8000/predictions/photo -F "data=@kitten_small.img"',
        'curl -X POST http://localhost:8000/predictions/photo --data-binary "@kitten_small.img"',
    ],
    ids=["file", "version", "form", "data"],
)
def test_images_to_torchserve(command: str, form: str, addresses: dict[str, str], tmp_path: Path) -> None:
    image = tmp_path / "kitten_small.img"
    image.write_bytes(encoded(plain(), form))
    method = "-X POST" if " -T " in command and "-X" not in command else ""  # curl -T alone is a PUT
    found = json.loads(
        curl(f"{command.replace('kitten_small.img', str(image))} {method}", addresses["photo"])
    )
    assert list(found) == COLOURS
    assert found["red"] > found["green"] > found["blue"]


def test_texts_to_torchserve(addresses: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sample_text.txt").write_text("the film is good")
    command = f"curl http://localhost:8000/predictions/review -T {tmp_path / 'sample_text.txt'}"
    assert json.loads(curl(command, addresses["review"])) == {"total": 30, "length": 6}


def test_torchserves_descriptions(iris: str) -> None:
    assert json.loads(curl("curl http://localhost:8000/models", iris))["models"][0]["modelName"] == "iris"
    assert json.loads(curl("curl http://localhost:8000/models/iris", iris))[0]["modelVersion"] == "1"
    found = json.loads(curl(f"curl http://localhost:8000/predictions/iris -d '{json.dumps([ROW])}'", iris))
    assert list(found[0]) == CLASSES


def test_azure_machine_learning(iris: str) -> None:
    body = json.dumps({"input_data": {"columns": COLUMNS, "index": [1], "data": [ROW]}})
    typed = "--header 'Content-Type: application/json'"
    command = f"curl --request POST http://localhost:8000/score {typed} --data '{body}'"
    assert json.loads(curl(command, iris)) == [2]


def test_vertex_ai(addresses: dict[str, str], tmp_path: Path) -> None:
    """By the path that the platform chose."""
    (tmp_path / "INPUT.json").write_text(
        json.dumps({"instances": [{"text": "good"}, "bad film"], "parameters": {}})
    )
    command = (
        "curl -X POST -H 'Content-Type: application/json' "
        f"http://localhost:8000/v1/endpoints/1:predict -d @{tmp_path / 'INPUT.json'}"
    )
    found = json.loads(curl(command, addresses["review"]))
    assert found == {"predictions": [{"total": 9, "length": 3}, {"total": 16, "length": 4}]}
