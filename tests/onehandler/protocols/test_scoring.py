"""MLflow, SageMaker, TorchServe, Azure ML and Vertex AI: the same rows in every form get the same predictions."""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import csv, json_lines, npy
from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.handler import Handler
from onehandler.message import Request, Response
from onehandler.protocols.bodies import tensors_of_rows
from onehandler.settings import Settings
from onehandler.signature import Signature, TensorSpec
from onehandler.tensor import Tensor
from tests import bundles
from tests.bundles import CLASSES, COLUMNS, ROW
from tests.conformance.cases_scoring import form
from tests.conformance.cases_scoring import npy as npy_file
from tests.onehandler.protocols.test_properties import FINITE, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CSV, LINES, NPY = "text/csv", "application/jsonlines", "application/x-npy"
ROWS = st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4), min_size=1, max_size=5)
MIXED = st.fixed_dictionaries(
    {
        "age": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "visits": st.integers(-99, 99),
        "city": TEXT,
    }
)


def ask(
    handler: Handler, path: str, body: Any, content_type: str = "application/json", **headers: str
) -> Response:
    """POST it; the answer must be 200."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    response = handler.answer(Request("POST", path, sent, raw))
    assert response.status == 200, response.body
    return response


def told(
    handler: Handler, path: str, body: Any, content_type: str = "application/json", **headers: str
) -> Any:
    return json.loads(ask(handler, path, body, content_type, **headers).body)


def saved(rows: Any, dtype: str) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array(rows, dtype))
    return file.getvalue()


@given(ROWS)
def test_every_form_of_a_table_is_answered_alike(
    handler_of: Callable[[str], Handler], rows: list[list[float]]
) -> None:
    iris = handler_of("iris")
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    labels = iris.predict(
        {"X": Tensor.of("float32", (len(rows), 4), [value for row in rows for value in row])}
    )["label"].values()
    bodies: list[tuple[str, Any, str]] = [
        ("/invocations", {"dataframe_split": {"columns": COLUMNS, "data": rows}}, ""),
        ("/invocations", {"dataframe_records": named}, ""),
        ("/invocations", {"instances": rows}, ""),
        ("/invocations", {"instances": named}, ""),
        ("/invocations", {"inputs": rows}, ""),
        ("/invocations", {"inputs": {"X": rows}}, ""),
        ("/invocations", csv.dumps(rows), CSV),
        ("/invocations", csv.dumps([COLUMNS[::-1], *(row[::-1] for row in rows)]), CSV),
        ("/invocations", json_lines.dumps(rows), LINES),
        ("/invocations", json_lines.dumps(named), LINES),
        ("/invocations", saved(rows, "float64"), NPY),
        ("/invocations", saved(rows, "float32"), NPY),
        ("/vertex-ai/predict", {"instances": rows}, ""),
        ("/vertex-ai/predict", {"instances": named}, ""),
    ]
    for path, body, media in bodies:
        assert told(iris, path, body, media or "application/json") == {"predictions": labels}
    for body in (rows, named):
        assert told(iris, "/invocations", body) == labels
        assert told(iris, "/score", {"data": body}) == told(iris, "/score", {"input_data": body}) == labels
        assert told(iris, "/score", {"Inputs": {"data": body}}) == {"Results": labels}
    assert told(iris, "/score", {"input_data": {"columns": COLUMNS, "data": rows}}) == labels


@given(st.lists(MIXED, min_size=1, max_size=4))
def test_every_form_of_columns_of_several_types(
    handler_of: Callable[[str], Handler], rows: list[dict[str, Any]]
) -> None:
    mixed = handler_of("mixed")
    names, values = ["city", "age", "visits"], [[row["city"], row["age"], row["visits"]] for row in rows]
    expected = told(mixed, "/predict", {"rows": rows})["predictions"]
    assert [row["city_bytes"] for row in expected] == [row["city"] for row in rows]
    for body in (
        {"dataframe_split": {"columns": names, "data": values}},
        {"dataframe_records": rows},
        {"instances": rows},
        {"inputs": {name: [[row[name]] for row in rows] for name in names}},
    ):
        assert told(mixed, "/invocations", body) == {"predictions": expected}
    assert told(mixed, "/invocations", csv.dumps([names, *values]), CSV) == {"predictions": expected}
    assert told(mixed, "/predict", csv.dumps([names, *values]), CSV)["predictions"] == expected
    assert told(mixed, "/invocations", json_lines.dumps(rows), LINES) == {"predictions": expected}
    assert told(mixed, "/predictions/mixed", rows) == expected
    assert told(mixed, "/predictions/mixed", rows[0]) == expected[0]


@given(ROWS)
def test_every_form_of_an_answer_says_the_same(
    handler_of: Callable[[str], Handler], rows: list[list[float]]
) -> None:
    iris = handler_of("iris")
    attributes = {"x_amzn_sagemaker_custom_attributes": "outputs=probabilities"}
    values = told(iris, "/invocations", rows, **attributes)
    lines = ask(iris, "/invocations", rows, accept=LINES, **attributes)
    assert [json.loads(line) for line in lines.body.splitlines()] == values
    table = ask(iris, "/invocations", rows, accept=CSV, **attributes)
    assert [[float(cell) for cell in line] for line in csv.loads(table.body)] == values
    array = np.load(io.BytesIO(ask(iris, "/invocations", rows, accept=NPY, **attributes).body))
    assert (array.dtype, array.tolist()) == (np.float32, values)
    assert lines.rows == table.rows == len(rows)


@given(st.lists(FINITE, min_size=3, max_size=3))
def test_float64_comes_through_exactly(handler_of: Callable[[str], Handler], row: list[float]) -> None:
    regression = handler_of("regression")
    expected = told(regression, "/predict", {"rows": [row]})["predictions"][0]
    for body, media in (
        (csv.dumps([row]), CSV),
        (json_lines.dumps([row]), LINES),
        (saved([row], "float64"), NPY),
    ):
        for accept in (CSV, LINES):
            text = ask(regression, "/invocations", body, media, accept=accept).body.decode()
            assert float(text) == float(expected) or (math.isnan(float(text)) and expected == "NaN")


def test_a_classifier_tells_its_labels_and_others_what_is_asked_for(iris: Handler) -> None:
    assert told(iris, "/invocations", {"inputs": [ROW]}) == {"predictions": [2]}
    both = told(iris, "/invocations", {"inputs": [ROW], "params": {"outputs": ["probabilities", "label"]}})
    ((row),) = both["predictions"]
    assert (list(row), row["label"], len(row["probabilities"])) == (["probabilities", "label"], 2, 3)
    one = told(iris, "/vertex-ai/predict", {"instances": [ROW], "parameters": {"outputs": ["probabilities"]}})
    assert one == {"predictions": [row["probabilities"]]}
    csv_answer = ask(iris, "/invocations", f"{ROW}".strip("[]").encode(), CSV, accept=CSV,
                     x_amzn_sagemaker_custom_attributes=" outputs = label , probabilities").body  # fmt: skip
    assert len(csv_answer.split(b",")) == 4


def test_torchserve_tells_the_probability_of_each_class(iris: Handler) -> None:
    found = told(iris, "/predictions/iris", dict(zip(COLUMNS, ROW, strict=True)))
    assert list(found) == CLASSES
    assert sum(found.values()) == pytest.approx(1)
    field = form(("data", "", json.dumps([ROW]).encode()))
    assert told(iris, "/predictions", field, "multipart/form-data; boundary=b") == [found]
    assert told(iris, "/predictions", {"instances": [ROW]}) == {"predictions": [found]}


def test_models_without_rows_answer_whole_tensors(handler_of: Callable[[str], Handler]) -> None:
    fixed, inputs = handler_of("fixed"), {"a": [[1, 2, 3], [4, 5, 6]], "b": [1, 0, -1]}
    assert told(fixed, "/invocations", {"inputs": inputs}) == {"predictions": [-2, -2]}
    assert told(fixed, "/score", {"input_data": inputs}) == [-2, -2]
    array = ask(fixed, "/invocations", {"inputs": inputs}, accept=NPY).body
    assert npy.loads(array).values() == [-2, -2]


def test_infinities_and_missing_values_are_tokens_for_mlflow(handler_of: Callable[[str], Handler]) -> None:
    division = handler_of("division")
    found = ask(division, "/invocations", b'{"instances":[{"a":1,"b":0},{"a":NaN,"b":1}]}').body
    assert found == b'{"predictions":[Infinity,NaN]}'
    assert ask(division, "/score", {"data": [[1, 0]]}).body == b'["Infinity"]'
    assert ask(division, "/invocations", b"1,0\n-1,0", CSV, accept=CSV).body == b"inf\n-inf\n"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1e3", 1000.0),
        (" 2 ", 2.0),
        ("-0", -0.0),
        (".5", 0.5),
        ("Infinity", "Infinity"),
        ("-inf", "-Infinity"),
    ],
)
def test_cells_are_numbers_as_people_write_them(
    cell: str, value: Any, handler_of: Callable[[str], Handler]
) -> None:
    regression = handler_of("regression")
    found = told(regression, "/predict", f"{cell},0,0".encode(), CSV)["predictions"][0]
    assert found == (value if isinstance(value, str) else pytest.approx(value))


@pytest.mark.parametrize("cell", ["", "NaN", "nan", "NA", "null", "nAn"])
def test_cells_may_be_missing_where_the_model_allows_it(
    cell: str, handler_of: Callable[[str], Handler]
) -> None:
    body = f"1,{cell},3\n".encode()
    assert told(handler_of("regression"), "/predict", body, CSV)["predictions"] == ["NaN"]
    refused = handler_of("iris").answer(
        Request("POST", "/predict", {"content-type": CSV}, f"1,2,3,{cell}".encode())
    )
    assert refused.status == 422


def test_bodies_of_ten_megabytes_take_bounded_memory(iris: Handler) -> None:
    import tracemalloc

    line = b"5.1,3.5,1.4,0.2\n"
    body = line * (1024 * 1024 // len(line))
    request = Request("POST", "/invocations", {"content-type": CSV, "accept": NPY}, body)
    iris.answer(request)
    tracemalloc.start()
    try:
        assert iris.answer(request).status == 200
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(body)


def test_big_tables_are_answered_whole(iris: Handler) -> None:
    rows = 20_000
    answer = ask(
        iris, "/invocations", npy_file("<f4", (rows, 4), np.ones((rows, 4), "f4").tobytes()), NPY, accept=CSV
    )
    assert answer.body == b"2\n" * rows
    assert answer.rows == rows


@pytest.mark.parametrize("form_name", ["instances", "inputs", "dataframe_records"])
def test_large_json_is_answered_as_small_is(form_name: str, tmp_path: Path) -> None:
    handler = Handler.load(bundles.build("iris", tmp_path), Settings({}))
    rows: Any = [[n % 7, n % 5, -(n % 3), 0.5] for n in range(60_000)]
    if form_name == "dataframe_records":
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in rows[:20_000]]
    found = told(handler, "/invocations", {form_name: rows})["predictions"]
    some = told(handler, "/invocations", {form_name: rows[-100:]})["predictions"]
    assert (len(found), found[-100:]) == (len(rows), some)
    assert len(set(found)) > 1
    handler.close()


def test_rows_of_different_widths_are_refused_however_many_there_are() -> None:
    spec = TensorSpec("x", dtype_named("float32"), (-1, -1))
    signature = Signature([spec], [spec])
    for size in (1, 10_000_000):
        with pytest.raises(InvalidInput):
            tensors_of_rows(signature, iter([[1, 2]] * 2000 + [[1]] * 2000), size)
        found = tensors_of_rows(signature, iter([[1, 2]] * 4000), size)["x"]
        assert found.shape == (4000, 2)
