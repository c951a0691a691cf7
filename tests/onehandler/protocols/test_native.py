"""The native protocol's answers, value by value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.message import Request, Response
from tests.bundles import CLASSES, COLUMNS, ROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler

IRIS = {"name": "iris", "version": "1"}


def ask(handler: Handler, body: Any) -> Response:
    return handler.answer(Request("POST", "/predict", {}, json.dumps(body).encode()))


def answer(handler: Handler, body: Any) -> Any:
    response = ask(handler, body)
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_rows_answer_predictions_with_names(iris: Handler) -> None:
    found = answer(iris, {"rows": [ROW]})
    assert found["model"] == IRIS
    (prediction,) = found["predictions"]
    assert list(prediction) == ["label", "probabilities"]
    assert list(prediction["probabilities"]) == CLASSES
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)
    assert prediction["label"] == max(range(3), key=lambda i: prediction["probabilities"][CLASSES[i]])


def test_all_forms_answer_the_same(iris: Handler) -> None:
    rows: list[list[float]] = [ROW, [6.3, 3.3, 6.0, 2.5], [0, 0, 0, 0]]
    lists = answer(iris, {"rows": rows})
    objects = answer(iris, {"rows": [dict(zip(COLUMNS[::-1], row[::-1], strict=True)) for row in rows]})
    columns = answer(iris, {"columns": dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))})
    tensors = answer(iris, {"inputs": {"X": rows}})
    assert lists == objects == columns
    assert tensors["outputs"]["label"] == [each["label"] for each in lists["predictions"]]
    assert tensors["outputs"]["probabilities"] == [
        list(each["probabilities"].values()) for each in lists["predictions"]
    ]


def test_single_values_stand_unwrapped(handler_of: Callable[[str], Handler]) -> None:
    assert answer(handler_of("regression"), {"rows": [[1, 2, 3], [0, 0, 1]]})["predictions"] == [-4.0, -2.0]


def test_null_is_a_missing_value_where_the_model_takes_them(handler_of: Callable[[str], Handler]) -> None:
    assert answer(handler_of("regression"), {"rows": [[1, None, 3]]})["predictions"] == ["NaN"]
    response = ask(handler_of("iris"), {"rows": [[1, None, 3, 4]]})
    assert json.loads(response.body)["where"] == "rows[0].sepal width"


def test_several_inputs_and_outputs_go_by_name(handler_of: Callable[[str], Handler]) -> None:
    rows = [{"age": 1.5, "visits": 2, "city": "Köln"}, {"city": "🌍", "visits": 3, "age": 4}]
    assert answer(handler_of("mixed"), {"rows": rows})["predictions"] == [
        {"score": 3.5, "city_bytes": "Köln"},
        {"score": 7.0, "city_bytes": "🌍"},
    ]


def test_a_model_without_rows_takes_named_tensors(handler_of: Callable[[str], Handler]) -> None:
    body = {"inputs": {"a": [[1, 2, 3], [4, 5, 6]], "b": [1, 0, -1]}}
    assert answer(handler_of("fixed"), body)["outputs"] == {"product": [-2.0, -2.0]}
    response = ask(handler_of("fixed"), {"rows": [[1]]})
    assert "no row dimension" in json.loads(response.body)["detail"]


def test_what_json_has_no_number_for_is_spelled(handler_of: Callable[[str], Handler]) -> None:
    rows = [[0, 0], [1, 0], [-1, 0], ["Infinity", 1], [1, "-Infinity"]]
    predictions = answer(handler_of("division"), {"rows": rows})["predictions"]
    assert predictions == ["NaN", "Infinity", "-Infinity", "Infinity", -0.0]


@pytest.mark.parametrize(
    ("body", "rows"), [({"rows": [ROW] * 7}, 7), ({"inputs": {"X": [ROW] * 3}}, 3), ({"rows": [[1]]}, 0)]
)
def test_rows_are_counted(body: Any, rows: int, iris: Handler) -> None:
    assert ask(iris, body).rows == rows


@pytest.mark.parametrize(
    ("body", "where", "detail"),
    [
        ([], "body", "an array of 0 came"),
        ({}, "body", "exactly one member"),
        ({"rows": {}}, "rows", "must be an array of rows"),
        ({"rows": [ROW, ROW[:3]]}, "rows[1]", "has 3 values, the model takes 4"),
        ({"rows": [ROW, [1, 2, "x", 4]]}, "rows[1].petal length", "takes numbers, not a string"),
        ({"rows": [{"sepal length": 1}]}, "rows[0]", "lacks 'sepal width', 'petal length'"),
        (
            {"columns": {name: [1] * (1 + (name == "petal width")) for name in COLUMNS}},
            "columns",
            "1 to 2 values",
        ),
        ({"inputs": {"X": [[1, 2, 3]]}}, "input 'X'", "takes shape [any, 4], [1, 3] came"),
        ({"inputs": {"Y": 1}}, "inputs", "lacks 'X'"),
    ],
)
def test_refusals_say_where_and_what(body: Any, where: str, detail: str, iris: Handler) -> None:
    response = ask(iris, body)
    found = json.loads(response.body)
    assert (response.status, found["where"]) == (422, where)
    assert detail in found["detail"]
