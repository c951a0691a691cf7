"""TensorFlow Serving's documented shapes, as its clients see them."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler import openapi
from onehandler.message import Request, Response
from onehandler.models.repository import Models
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import CLASSES, COLUMNS, ROW
from tests.onehandler.protocols.echoes import echo

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


def names(handler: Handler) -> set[str]:
    """The verbs that the bundle's OpenAPI document has."""
    paths = openapi.document(handler.bundle)["paths"]
    return {path.rpartition(":")[2] for path in paths if path.startswith("/v1/") and ":" in path}


def test_classify_pairs_labels_with_scores(iris: Handler) -> None:
    named = dict(zip(COLUMNS, ROW, strict=True))
    expected = answer(iris, {"instances": [ROW]})["predictions"][0]["probabilities"]
    pairs = [list(pair) for pair in zip(CLASSES, expected, strict=True)]
    for name in ("", "serving_default", "tensorflow/serving/classify"):
        body = {"signature_name": name, "examples": [named, named]}
        response = post(iris, body, "/v1/models/iris:classify")
        assert (json.loads(response.body), response.rows) == ({"results": [pairs, pairs]}, 2)


def test_features_may_be_lists_and_come_from_a_context(iris: Handler) -> None:
    lists = {name: [value] for name, value in zip(COLUMNS, ROW, strict=True)}
    context = {name: lists.pop(name) for name in COLUMNS[:2]}
    one = post(iris, {"context": context, "examples": [lists]}, "/v1/models/iris:classify")
    plain = dict(zip(COLUMNS, ROW, strict=True))
    assert one.body == post(iris, {"examples": [plain]}, "/v1/models/iris/versions/1:classify").body
    again = {"context": context, "examples": [{**lists, COLUMNS[0]: 1}]}
    assert b"a feature that the context has" in post(iris, again, "/v1/models/iris:classify").body


def test_regress_gives_a_number_an_example(handler_of: Callable[[str], Handler]) -> None:
    body = {"signature_name": "tensorflow/serving/regress", "examples": [{"index": 1}, {"index": 2}]}
    response = post(handler_of("lookup"), body, "/v1/models/lookup:regress")
    assert json.loads(response.body) == {"results": [0.25, 0.5]}
    rows = [{"a": 1, "b": 2, "c": 3}]
    response = post(handler_of("regression"), {"examples": rows}, "/v1/models/regression:regress")
    assert json.loads(response.body) == {"results": [-4.0]}


def test_examples_of_several_inputs_may_hold_bytes(handler_of: Callable[[str], Handler]) -> None:
    rows = [{"age": [1], "visits": 2, "city": {"b64": "S8O2bG4="}}]
    response = post(handler_of("mixed"), {"examples": rows}, "/v1/models/mixed:regress")
    assert json.loads(response.body) == {"results": [3.0]}


def test_what_the_outputs_do_not_fit_is_refused_by_name(handler_of: Callable[[str], Handler]) -> None:
    verbs = {"iris": {"classify"}, "regression": {"regress"}, "image": set(), "fixed": set()}
    for name, allowed in verbs.items():
        handler = handler_of(name)
        assert names(handler) == {"predict"} | allowed
        for verb in {"classify", "regress"} - allowed:
            response = post(handler, {"examples": [{}]}, f"/v1/models/{name}:{verb}")
            assert response.status == 400
            assert b"use :predict, which gives all of its outputs" in response.body


def test_status_lists_every_version(tmp_path: Path) -> None:
    for version in ("1", "2"):
        made = Path(bundles.build("iris", tmp_path / version, version=version))
        target = tmp_path / "models" / "iris" / version
        target.parent.mkdir(parents=True, exist_ok=True)
        made.rename(target)
    (tmp_path / "models" / "models.json").write_text('{"models": {"iris": {"labels": {"stable": "1"}}}}')
    models = Models.load(str(tmp_path / "models"), Settings({}))
    versions = {"": ["1", "2"], "/versions/2": ["2"], "/labels/stable": ["1"]}
    for path, expected in versions.items():
        found = json.loads(models.answer(Request("GET", f"/v1/models/iris{path}", {}, b"")).body)
        assert [each["version"] for each in found["model_version_status"]] == expected
    body = json.dumps({"examples": [dict(zip(COLUMNS, ROW, strict=True))]}).encode()
    labelled = models.answer(Request("POST", "/v1/models/iris/labels/stable:classify", {}, body))
    assert (labelled.status, labelled.headers["onehandler-version"]) == (200, "1")
    missing = models.answer(Request("GET", "/v1/models/iris/labels/other", {}, b""))
    assert missing.status == 404


def test_images_stay_in_base64(tmp_path: Path) -> None:
    handler = echo(tmp_path, "string", (-1, 1), media="image")
    b64 = {"b64": b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9)).decode()}
    for body in ({"instances": [b64]}, {"instances": [{"x": b64}]}, {"instances": [[b64["b64"]]]}):
        assert answer(handler, body) == {"predictions": [[b64["b64"]]]}
    assert answer(handler, {"inputs": {"x": [[b64]]}}) == {"outputs": [[b64["b64"]]]}
    wrong = post(handler, {"instances": [{"b64": "/w=="}]})
    assert (wrong.status, b"base64 of an image or UTF-8 text" in wrong.body) == (400, True)
    handler.close()
