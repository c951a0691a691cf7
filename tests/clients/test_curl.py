"""The commands of TensorFlow Serving's and the Open Inference Protocol's documents, typed as they stand there."""

from __future__ import annotations

import json
import shlex
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.models import documented
from tests.clients.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

INFER = {
    "id": "42",
    "inputs": [
        {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]},
        {"name": "input1", "shape": [3], "datatype": "BOOL", "data": [True, False, True]},
    ],
    "outputs": [{"name": "output0"}],
}
OUTPUT = [1.0, 1.1, 2.0, 2.1, 3.0, 3.1]


@pytest.fixture(scope="module")
def mymodel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("documented")
    with serving(documented(folder), folder) as address:
        yield address


def curl(command: str, address: str) -> bytes:
    """Run a documented command with our address in place of its host; gives the body."""
    words = shlex.split(command.replace("localhost:8501", address).replace("localhost:8000", address))
    return subprocess.run([*words, "--silent"], check=True, capture_output=True).stdout


def status_line(command: str, address: str) -> str:
    """The first line of a response asked for with -i."""
    return curl(command, address).decode().splitlines()[0]


def rounded(values: list[float]) -> list[float]:
    return [round(value, 6) for value in values]


def test_tensorflow_serving_status(half: str) -> None:
    found = json.loads(curl("curl http://localhost:8501/v1/models/half_plus_three", half))
    status = {"error_code": "OK", "error_message": ""}
    assert found == {"model_version_status": [{"version": "123", "state": "AVAILABLE", "status": status}]}


@pytest.mark.parametrize(
    ("verb", "body", "answer"),
    [
        ("predict", '{"instances": [1.0,2.0,5.0]}', {"predictions": [3.5, 4.0, 5.5]}),
        ("predict", '{"inputs": [1.0,2.0,5.0]}', {"outputs": [3.5, 4.0, 5.5]}),
        ("predict", '{"inputs": {"x": [1.0]}}', {"outputs": [3.5]}),
        (
            "regress",
            '{"signature_name": "tensorflow/serving/regress", "examples": [{"x": 1.0}, {"x": 2.0}]}',
            {"results": [3.5, 4.0]},
        ),
    ],
)
def test_tensorflow_serving_predict_and_regress(verb: str, body: str, answer: Any, half: str) -> None:
    for path in ("half_plus_three", "half_plus_three/versions/123"):
        command = f"curl -d '{body}' -X POST http://localhost:8501/v1/models/{path}:{verb}"
        assert json.loads(curl(command, half)) == answer


def test_tensorflow_serving_classify(iris: str) -> None:
    features = '{"sepal length": 5.1, "sepal width": 3.5, "petal length": 1.4, "petal width": 0.2}'
    command = (
        f"curl -d '{{\"examples\": [{features}]}}' -X POST http://localhost:8501/v1/models/iris:classify"
    )
    (pairs,) = json.loads(curl(command, iris))["results"]
    assert [label for label, _ in pairs] == ["setosa", "versicolor", "virginica"]
    assert sum(score for _, score in pairs) == pytest.approx(1)


def test_tensorflow_serving_tokens_that_are_not_json(half: str) -> None:
    command = "curl -d '{\"instances\": [NaN, Infinity]}' -X POST http://localhost:8501/v1/models/half_plus_three:predict"
    assert curl(command, half) == b'{"predictions":[NaN,Infinity]}'


def test_tensorflow_serving_metadata_and_unknown_model(half: str) -> None:
    found = json.loads(
        curl("curl http://localhost:8501/v1/models/half_plus_three/versions/123/metadata", half)
    )
    assert found["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"].keys() == {"x"}
    command = "curl -i -d '{\"instances\": [1.0,5.0]}' -X POST http://localhost:8501/v1/models/half:predict"
    assert status_line(command, half).split()[1] == "404"


def test_open_inference_as_documented(mymodel: str) -> None:
    command = f"curl -X POST localhost:8000/v2/models/mymodel/infer -d '{json.dumps(INFER)}'"
    found = json.loads(curl(command, mymodel))
    assert found["id"] == "42"
    (output,) = found["outputs"]
    assert (output["name"], output["shape"], output["datatype"]) == ("output0", [3, 2], "FP32")
    assert rounded(output["data"]) == OUTPUT


def test_the_binary_extension_as_documented(mymodel: str, tmp_path: Path) -> None:
    inputs = [
        {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "parameters": {"binary_data_size": 16}},
        {"name": "input1", "shape": [3], "datatype": "BOOL", "parameters": {"binary_data_size": 3}},
    ]
    outputs = [{"name": "output0", "parameters": {"binary_data": True}}]
    head = json.dumps({"model_name": "mymodel", "inputs": inputs, "outputs": outputs}).encode()
    body, headers = tmp_path / "body", tmp_path / "headers"
    body.write_bytes(head + struct.pack("<4I", 1, 2, 3, 4) + b"\1\0\1")
    answer = curl(
        f"curl -X POST localhost:8000/v2/models/mymodel/infer --data-binary @{body} -D {headers} "
        f"-H 'Content-Type: application/octet-stream' -H 'Inference-Header-Content-Length: {len(head)}'",
        mymodel,
    )
    lengths = [line for line in headers.read_text().splitlines() if line.startswith("inference-header")]
    length = int(lengths[0].split(":")[1])
    assert json.loads(answer[:length])["outputs"][0]["parameters"] == {"binary_data_size": 24}
    assert rounded(list(struct.unpack("<6f", answer[length:]))) == OUTPUT
