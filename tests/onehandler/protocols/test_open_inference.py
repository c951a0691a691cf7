"""Open Inference Protocol V2 as its documents and Triton's extensions have it."""

from __future__ import annotations

import json
import math
import struct
import tracemalloc
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler import openapi
from onehandler.dtypes import dtype_named
from onehandler.message import Request
from onehandler.models.repository import Models
from onehandler.protocols.open_inference_classes import top
from onehandler.protocols.open_inference_types import DATATYPES
from onehandler.settings import Settings
from onehandler.tensor import Tensor
from tests import bundles
from tests.bundles import CLASSES, ROW
from tests.conformance.cases_open_inference import packed, tensor
from tests.onehandler.protocols.echoes import LENGTH, ask, echo, parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler

IRIS = "/v2/models/iris/infer"
X = tensor("X", "FP32", [1, 4], ROW)


def get(handler: Handler, path: str, method: str = "GET") -> Any:
    response = handler.answer(Request(method, path, {}, b""))
    assert response.status == 200, response.body
    return json.loads(response.body)


def error(handler: Handler, body: Any, path: str = IRIS, tail: bytes | None = None) -> str:
    response = ask(handler, body, tail, path)
    assert response.status == 400
    (text,) = json.loads(response.body).values()
    assert isinstance(text, str)
    return text


def test_the_server_says_what_it_is(iris: Handler) -> None:
    found = get(iris, "/v2")
    assert found["name"] == "onehandler"
    assert found["extensions"] == ["binary_tensor_data", "classification"]
    assert get(iris, "/v2/health/live") == {"live": True}
    assert get(iris, "/v2/health/ready") == {"ready": True}


def test_a_model_says_what_it_takes_and_gives(iris: Handler) -> None:
    assert get(iris, "/v2/models/iris") == {
        "name": "iris",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
    }
    assert get(iris, "/v2/models/iris/versions/1") == get(iris, "/v2/models/iris")
    assert get(iris, "/v2/models/iris/versions/1/ready") == {"name": "iris", "ready": True}


def test_the_index_lists_what_there_is(iris: Handler) -> None:
    entry = {"name": "iris", "version": "1", "state": "READY", "reason": ""}
    assert get(iris, "/v2/repository/index", "POST") == [entry]


def test_an_answer_names_model_and_id_and_counts_rows(iris: Handler) -> None:
    response = ask(iris, {"id": "a b", "inputs": [tensor("X", "FP32", [2, 4], [ROW, ROW])]}, path=IRIS)
    found, _ = parts(response)
    assert response.rows == 2
    assert [found[name] for name in ("model_name", "model_version", "id")] == ["iris", "1", "a b"]
    label, probabilities = found["outputs"]
    assert label == {"name": "label", "datatype": "INT64", "shape": [2], "data": [2, 2]}
    assert (probabilities["shape"], len(probabilities["data"])) == ([2, 3], 6)
    assert "id" not in parts(ask(iris, {"inputs": [X]}, path=IRIS))[0]


def test_outputs_come_in_the_order_asked(iris: Handler) -> None:
    for names in (["label"], ["probabilities", "label"], ["label", "probabilities"]):
        found, _ = parts(ask(iris, {"inputs": [X], "outputs": [{"name": name} for name in names]}, path=IRIS))
        assert [each["name"] for each in found["outputs"]] == names


def test_bytes_stand_after_the_json_in_the_order_of_the_tensors(handler_of: Callable[[str], Handler]) -> None:
    mixed = handler_of("mixed")
    city, age = packed("Łódź", ""), struct.pack("<2f", 1.5, 2)
    inputs = [
        tensor("city", "BYTES", [2, 1], city),
        tensor("visits", "INT64", [2, 1], [1, 2]),
        tensor("age", "FP32", [2, 1], age),
    ]
    outputs = [
        {"name": "city_bytes", "parameters": {"binary_data": True}},
        {"name": "score", "parameters": {"binary_data": True}},
    ]
    body = {"inputs": inputs, "outputs": outputs}
    found, tail = parts(ask(mixed, body, city + age, "/v2/models/mixed/infer"))
    assert tail == city + struct.pack("<2f", 2.5, 4)
    assert [each["parameters"]["binary_data_size"] for each in found["outputs"]] == [len(city), 8]


def test_a_body_without_json_is_the_only_input(iris: Handler, tmp_path: Path) -> None:
    raw = Request("POST", IRIS, {LENGTH: "0"}, struct.pack("<8f", *ROW, *ROW))
    answer, tail = parts(iris.answer(raw))
    asked = {"inputs": [tensor("X", "FP32", [2, 4], [ROW, ROW])], "parameters": {"binary_data_output": True}}
    assert (answer, tail) == parts(ask(iris, asked, path=IRIS))
    text = echo(tmp_path, "string", (-1, 1))
    _, tail = parts(text.answer(Request("POST", "/v2/models/echo/infer", {LENGTH: "0"}, "Łódź".encode())))
    assert tail == packed("Łódź")
    text.close()


def test_what_json_has_no_number_for(handler_of: Callable[[str], Handler]) -> None:
    """Bare, as Triton's parser takes them and its writer writes them."""
    body = (
        b'{"inputs":[{"name":"a","shape":[3],"datatype":"FP32","data":[NaN,-Infinity,1]},'
        b'{"name":"b","shape":[3],"datatype":"FP32","data":[1,1,0]}]}'
    )
    response = handler_of("division").answer(Request("POST", "/v2/models/division/infer", {}, body))
    assert b'"data":[NaN,-Infinity,Infinity]' in response.body
    assert math.isnan(json.loads(response.body)["outputs"][0]["data"][0])


def test_classes_are_the_largest_values(iris: Handler) -> None:
    wanted = [{"name": "probabilities", "parameters": {"classification": 2}}]
    (found,) = parts(ask(iris, {"inputs": [X], "outputs": wanted}, path=IRIS))[0]["outputs"]
    assert (found["datatype"], found["shape"]) == ("BYTES", [1, 2])
    assert [text.split(":")[1:] for text in found["data"]] == [["2", CLASSES[2]], ["1", CLASSES[1]]]
    wanted[0]["parameters"]["binary_data"] = True  # type: ignore[index]
    _, tail = parts(ask(iris, {"inputs": [X], "outputs": wanted}, path=IRIS))
    assert tail == packed(*found["data"])


@pytest.mark.parametrize(
    ("values", "count", "expected"),
    [
        ([1, 5, 10, 4], 2, ["10:2", "5:1"]),
        ([1.1, 3.3, 0.5, 2.4], 2, ["3.300000:1", "2.400000:3"]),
        ([2, 2, 1, 2], 9, ["2:0", "2:1", "2:3", "1:2"]),
        ([math.nan, 1.0, -math.inf, 2.0], 4, ["2.000000:3", "1.000000:1", "-inf:2", "nan:0"]),
    ],
)
def test_the_documented_classes(values: list[Any], count: int, expected: list[str]) -> None:
    dtype = "float64" if isinstance(values[0], float) else "int64"
    whole = Tensor.of(dtype, (4,), values)
    found = top(whole, count, (), batched=False)
    assert (found.shape, found.values()) == ((len(expected),), expected)
    row = top(Tensor.of(dtype, (1, 2, 2), values), count, (), batched=True)
    assert (row.shape, row.values()) == ((1, len(expected)), expected)


def test_classes_of_no_rows_or_no_values() -> None:
    none = Tensor.of("float32", (0, 3), [])
    assert top(none, 2, (), batched=True).shape == (0, 2)
    empty = Tensor.of("float32", (2, 0), [])
    assert top(empty, 2, (), batched=True).shape == (2, 0)


def test_strings_have_no_classes(handler_of: Callable[[str], Handler]) -> None:
    row = [tensor("pixels", "FP32", [1, 8, 8], [0] * 64)]
    body = {"inputs": row, "outputs": [{"name": "digit", "parameters": {"classification": 1}}]}
    assert "'digit' holds no numbers" in error(handler_of("image"), body, "/v2/models/image/infer")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"inputs": []}, "inputs: lacks 'X'"),
        ({"inputs": [{**X, "name": "Y"}]}, "inputs[0].name: must be one of 'X'"),
        ({"inputs": [X, X]}, "inputs[1]: 'X' came before"),
        ({"inputs": [{**X, "datatype": "float32"}]}, "must be one of BOOL, UINT8"),
        ({"inputs": [{**X, "datatype": "INT64"}]}, "inputs[0].data[0]: int64 takes whole numbers"),
        (
            {"inputs": [tensor("X", "BOOL", [1, 4], [True] * 4)]},
            "inputs[0].datatype: takes float32, bool came",
        ),
        ({"inputs": [{**X, "shape": [2, 4]}]}, "has 4 values, shape [2, 4] takes 8"),
        ({"inputs": [{**X, "shape": [10**18, 10**18]}]}, "takes more than any memory holds"),
        ({"inputs": [{**X, "data": [1, 2, 3, 1e300]}]}, "inputs[0].data[3]: too large for float32"),
        (
            {"inputs": [X], "outputs": [{"name": "y"}]},
            "outputs[0].name: must be one of 'label', 'probabilities'",
        ),
    ],
)
def test_refusals_say_where_and_what_is_accepted(body: Any, words: str, iris: Handler) -> None:
    assert words in error(iris, body)


def test_lies_about_bytes_are_told(iris: Handler) -> None:
    raw = struct.pack("<4f", *ROW)
    body = {"inputs": [tensor("X", "FP32", [1, 4], raw)]}
    assert "0 are left after the JSON" in error(iris, body, tail=b"")
    assert "3 bytes after the JSON that no input's" in error(iris, body, tail=raw + b"abc")
    assert "needs the header Inference-Header-Content-Length" in error(iris, body)


def test_shared_memory_is_refused_by_name(iris: Handler) -> None:
    body = {"inputs": [{**X, "parameters": {"shared_memory_region": "r"}}]}
    assert "shares no memory" in error(iris, body)


@pytest.mark.parametrize("dtype", ["float8e4m3fn", "float8e5m2fnuz"])
def test_types_the_protocol_has_no_name_for(dtype: str, tmp_path: Path) -> None:
    handler = echo(tmp_path, dtype)
    assert f"is {dtype}, for which the Open Inference Protocol has no datatype" in error(
        handler, {"inputs": [tensor("x", "INT8", [1, 1], [1])]}, "/v2/models/echo/infer"
    )
    assert handler.answer(Request("GET", "/v2/models/echo", {}, b"")).status == 400
    assert get(handler, "/v2/models/echo/ready") == {"name": "echo", "ready": True}
    paths = openapi.document(handler.bundle)["paths"]
    assert "/v2/health/live" in paths
    assert not paths.keys() & {"/v2/models/{name}/infer", "/v2/models/{name}"}
    handler.close()


def test_every_other_type_has_a_name() -> None:
    unnamed = {dtype.name for dtype in (dtype_named(name) for name in _ALL) if dtype not in DATATYPES}
    assert all(name.startswith("float8") or name.endswith("int4") for name in unnamed)


_ALL = (
    "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64",
    "uint32", "uint64", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4",
)  # fmt: skip


def test_bytes_are_not_copied_about(tmp_path: Path) -> None:
    """8 MB in and out: the answer's tensor and body are all that is made."""
    handler = echo(tmp_path, "float32")
    raw = bytes(8 * 1024 * 1024)
    body = {
        "inputs": [tensor("x", "FP32", [1, len(raw) // 4], raw)],
        "parameters": {"binary_data_output": True},
    }
    ask(handler, body, raw)
    head = json.dumps(body).encode()
    request = Request("POST", "/v2/models/echo/infer", {LENGTH: str(len(head))}, head + raw)
    tracemalloc.start()
    try:
        response = handler.answer(request)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert response.body.endswith(raw)
    assert peak < 3.1 * len(raw)
    handler.close()


def test_several_models_and_versions(tmp_path: Path) -> None:
    for version in ("1", "2"):
        target = tmp_path / "models" / "iris" / version
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(bundles.build("iris", tmp_path / version, version=version)).rename(target)
    models = Models.load(str(tmp_path / "models"), Settings({}))

    def ask_models(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        response = models.answer(Request(method, path, {}, body))
        return response.status, json.loads(response.body)

    index = ask_models("POST", "/v2/repository/index")[1]
    assert [(each["version"], each["state"], each["reason"]) for each in index] == [
        ("1", "READY", "loaded when it is first asked for"),
        ("2", "READY", ""),
    ]
    assert ask_models("GET", "/v2/models/iris")[1]["versions"] == ["1", "2"]
    assert ask_models("GET", "/v2/models/iris/versions/1/ready") == (200, {"name": "iris", "ready": True})
    body = json.dumps({"inputs": [X]}).encode()
    for path, version in (("", "2"), ("/versions/1", "1"), ("/versions/2", "2")):
        status, answer = ask_models("POST", f"/v2/models/iris{path}/infer", body)
        assert (status, answer["model_version"]) == (200, version)
    for path in ("/v2/models/iris/versions/3", "/v2/models/other", "/v2/models/iris/versions/3/ready"):
        assert ask_models("GET", path)[0] == 404
    assert ask_models("GET", "/v2/health/ready") == (200, {"ready": True})


IMAGES = {
    "png": b"\x89PNG\r\n\x1a\n" + bytes(9),
    "jpeg": b"\xff\xd8\xff\xe0",
    "webp": b"RIFF\x08\0\0\0WEBPVP8 \xff",
}


@pytest.mark.parametrize("kind", IMAGES)
def test_image_files_are_given_to_the_model_in_base64(kind: str, tmp_path: Path) -> None:
    """As files, which Triton's clients send, as base64, and as the whole body."""
    handler = echo(tmp_path, "string", (-1, 1), media="image")
    file, text = IMAGES[kind], b64encode(IMAGES[kind]).decode()
    data = struct.pack("<I", len(file)) + file + packed(text)
    answer, _ = parts(ask(handler, {"inputs": [tensor("x", "BYTES", [2, 1], data)]}, data))
    assert answer["outputs"][0]["data"] == [text, text]
    _, tail = parts(handler.answer(Request("POST", "/v2/models/echo/infer", {LENGTH: "0"}, file)))
    assert tail == packed(text)
    handler.close()
    plain = echo(tmp_path / "plain", "string", (-1, 1))
    body = {"inputs": [tensor("x", "BYTES", [2, 1], data)]}
    assert ask(plain, body, data).status == 400
    plain.close()
