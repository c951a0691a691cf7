"""TensorFlow Serving's documented shapes, as its clients see them."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.message import Request, Response
from tests.bundles import ROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler


def post(handler: Handler, body: Any, path: str = "") -> Response:
    path = path or f"/v1/models/{handler.bundle.name}:predict"
    return handler.answer(Request("POST", path, {}, json.dumps(body).encode()))


def answer(handler: Handler, body: Any) -> Any:
    response = post(handler, body)
    assert response.status == 200, response.body
    return json.loads(response.body)


def get(handler: Handler, path: str) -> Any:
    response = handler.answer(Request("GET", path, {}, b""))
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_one_output_stands_without_its_name(handler_of: Callable[[str], Handler]) -> None:
    """The documentation's half_plus_three has scalars in and out; so has this."""
    lookup = handler_of("lookup")
    assert answer(lookup, {"instances": [1, 2, 5]}) == {"predictions": [0.25, 0.5, 1.25]}
    assert answer(lookup, {"inputs": [1, 2, 5]}) == {"outputs": [0.25, 0.5, 1.25]}
    assert answer(lookup, {"inputs": {"index": [1, 2, 5]}}) == {"outputs": [0.25, 0.5, 1.25]}
    assert answer(handler_of("regression"), {"instances": [[1, 2, 3]]}) == {"predictions": [[-4.0]]}


def test_several_outputs_are_objects(iris: Handler) -> None:
    rows = answer(iris, {"instances": [ROW, ROW]})["predictions"]
    columns = answer(iris, {"inputs": {"X": [ROW, ROW]}})["outputs"]
    assert [list(row) for row in rows] == [["label", "probabilities"]] * 2
    assert columns == {name: [row[name] for row in rows] for name in ("label", "probabilities")}


def test_bytes_outputs_are_base64(handler_of: Callable[[str], Handler]) -> None:
    b64 = {"b64": b64encode("Köln".encode()).decode()}
    for city in ("Köln", b64):
        (found,) = answer(handler_of("mixed"), {"instances": [{"age": 1, "visits": 2, "city": city}]})[
            "predictions"
        ]
        assert found == {"score": [3.0], "city_bytes": [b64]}
    inputs = {"age": [[1]], "visits": [[2]], "city": [[b64]]}
    assert answer(handler_of("mixed"), {"inputs": inputs})["outputs"]["city_bytes"] == [[b64]]


def test_base64_is_no_number(iris: Handler) -> None:
    response = post(iris, {"instances": [[{"b64": "MQ=="}, 1, 2, 3]]})
    assert response.status == 400


def test_tokens_that_are_not_json(handler_of: Callable[[str], Handler]) -> None:
    """Its document's "JSON conformance": NaN and Infinity are written bare, both ways."""
    division = handler_of("division")
    raw = b'{"instances":[{"a":NaN,"b":1},{"a":-Infinity,"b":1},{"a":1,"b":0}]}'
    response = division.answer(Request("POST", "/v1/models/division:predict", {}, raw))
    assert response.body == b'{"predictions":[NaN,-Infinity,Infinity]}'
    assert math.isnan(json.loads(response.body)["predictions"][0])


def test_status(iris: Handler) -> None:
    version = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/iris", "/v1/models/iris/versions/1"):
        assert get(iris, path) == {"model_version_status": [version]}


def test_metadata(iris: Handler) -> None:
    found = get(iris, "/v1/models/iris/metadata")
    assert found == get(iris, "/v1/models/iris/versions/1/metadata")
    assert found["model_spec"] == {"name": "iris", "signature_name": "", "version": "1"}
    signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    dims = [{"size": "-1", "name": ""}, {"size": "4", "name": ""}]
    shape = {"dim": dims, "unknown_rank": False}
    assert signature["inputs"] == {"X": {"dtype": "DT_FLOAT", "tensor_shape": shape, "name": "X"}}
    assert signature["outputs"]["label"]["dtype"] == "DT_INT64"


def test_metadata_names_every_type(handler_of: Callable[[str], Handler]) -> None:
    found = get(handler_of("mixed"), "/v1/models/mixed/metadata")
    inputs = found["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]
    assert [each["dtype"] for each in inputs.values()] == ["DT_FLOAT", "DT_INT64", "DT_STRING"]


@pytest.mark.parametrize("name", ["", "serving_default", None])
def test_the_default_signature_may_be_named(name: str | None, iris: Handler) -> None:
    assert answer(iris, {"signature_name": name, "instances": [ROW]})["predictions"]


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/v1/models/other:predict", 404, "no such model or version"),
        ("/v1/models/iris/versions/7:predict", 404, "no such model or version"),
        ("/v1/models/iris/labels/stable:predict", 404, "have no labels"),
        ("/v1/models/iris:classify", 404, "SavedModel"),
        ("/v1/models/iris/versions/1:regress", 404, "SavedModel"),
        ("/v1/models/iris", 405, "GET, HEAD"),
        ("/v1/elsewhere", 404, "nothing at this path"),
    ],
)
def test_refusals_are_error_objects(path: str, status: int, word: str, iris: Handler) -> None:
    response = post(iris, {"instances": [ROW]}, path)
    assert (response.status, response.headers["content-type"]) == (status, "application/json")
    (error,) = json.loads(response.body).items()
    assert error[0] == "error"
    assert word in error[1]


def test_rows_are_counted(iris: Handler, handler_of: Callable[[str], Handler]) -> None:
    assert post(iris, {"instances": [ROW] * 5}).rows == 5
    assert post(iris, {"inputs": [ROW] * 4}).rows == 4
    fixed = {"inputs": {"a": [[1, 2, 3], [4, 5, 6]], "b": [1, 0, -1]}}
    assert post(handler_of("fixed"), fixed).rows == 1
