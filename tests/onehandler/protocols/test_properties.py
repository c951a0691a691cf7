"""Whatever tensors there are: what is sent in any form of a protocol is what the model gets, and what comes back."""

from __future__ import annotations

import json
import math
import struct
from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from onehandler.codecs import json as codec
from onehandler.codecs import large_json, npy
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

NAMES = ("a", "b", "c", "d")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: dict[str, SearchStrategy[Any]] = {
    "a": st.lists(st.floats(width=32), min_size=2, max_size=2),
    "b": st.floats(),
    "c": st.integers(-(2**63), 2**63 - 1),
    "d": TEXT,
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=8)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Beyond 64 bits the large reader gives the nearest double, which is what any tensor would make of it, too.
WHOLE = st.integers(-(2**63), 2**64 - 1)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXT, inner, max_size=6),
    max_leaves=40,
)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handler]:
    """A model that gives back what it takes: a [any, 2] float32, b float64, c int64 and d string, each [any]."""
    shapes = {"a": ("float32", [-1, 2]), "b": ("float64", [-1]), "c": ("int64", [-1]), "d": ("string", [-1])}
    inputs = [bundles.spec(name, dtype, shape) for name, (dtype, shape) in shapes.items()]
    outputs = [bundles.spec(f"{name}_", dtype, shape) for name, (dtype, shape) in shapes.items()]
    nodes = [helper.make_node("Identity", [name], [f"{name}_"]) for name in shapes]
    model = bundles.make_model(nodes, inputs, outputs)
    path = bundles.write(tmp_path_factory.mktemp("echo") / "echo", "echo", model, inputs, outputs, [])
    handler = Handler.load(path, Settings({"ONEHANDLER_LOG_LEVEL": "ERROR"}))
    yield handler
    handler.close()


def asked(handler: Handler, path: str, body: bytes) -> Any:
    response = handler.answer(Request("POST", path, {"content-type": "application/json"}, body))
    assert response.status == 200, response.body
    return json.loads(response.body)


def spelled(value: Any) -> Any:
    """Numbers that JSON lacks, as the native protocol spells them both ways."""
    if isinstance(value, list):
        return [spelled(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def alike(one: Any, other: Any) -> bool:
    """Equal, NaN and the sign of zero too."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack("d", one) == struct.pack("d", other) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in NAMES}


@given(rows=ROWS)
def test_native_inputs_come_back(rows: list[dict[str, Any]], echo: Handler) -> None:
    sent = {name: spelled(values) for name, values in columns(rows).items()}
    found = asked(echo, "/predict", json.dumps({"inputs": sent}).encode())["outputs"]
    assert all(alike(found[f"{name}_"], sent[name]) for name in NAMES)


@given(rows=ROWS)
def test_native_rows_come_back(rows: list[dict[str, Any]], echo: Handler) -> None:
    sent = [{name: spelled(value) for name, value in row.items()} for row in rows]
    found = asked(echo, "/predict", json.dumps({"rows": sent}).encode())["predictions"]
    assert [{name: answer[f"{name}_"] for name in NAMES} for answer in found] == sent


@given(rows=ROWS)
def test_native_base64_is_the_same_as_numbers(rows: list[dict[str, Any]], echo: Handler) -> None:
    told = columns(rows)
    packed = {
        "a": np.array(told["a"], "<f4").tobytes(),
        "b": np.array(told["b"], "<f8").tobytes(),
        "c": np.array(told["c"], "<i8").tobytes(),
    }
    sent = {name: {"base64": b64encode(data).decode()} for name, data in packed.items()}
    found = asked(echo, "/predict", json.dumps({"inputs": {**sent, "d": told["d"]}}).encode())["outputs"]
    assert all(alike(found[f"{name}_"], spelled(told[name])) for name in NAMES)


@given(rows=ROWS)
def test_tf_serving_inputs_come_back(rows: list[dict[str, Any]], echo: Handler) -> None:
    """Its clients and servers write NaN and infinities as bare words."""
    sent = columns(rows)
    found = asked(echo, "/v1/models/echo:predict", json.dumps({"inputs": sent}).encode())["outputs"]
    assert all(alike(found[f"{name}_"], sent[name]) for name in NAMES)


@given(rows=ROWS)
def test_tf_serving_instances_come_back(rows: list[dict[str, Any]], echo: Handler) -> None:
    found = asked(echo, "/v1/models/echo:predict", json.dumps({"instances": rows}).encode())["predictions"]
    for answer, row in zip(found, rows, strict=True):
        assert all(alike(answer[f"{name}_"], row[name]) for name in NAMES)


@given(JSON_VALUES)
def test_json_is_written_and_read_alike_by_either_reader(value: Any) -> None:
    text = codec.dumps(value)
    assert json.loads(text) == value
    assert codec.loads(text) == value
    assert large_json.loads(text) in (value, large_json.UNSURE)


@given(st.binary(max_size=60))
def test_json_takes_nothing_that_others_do_not(content: bytes) -> None:
    try:
        value = codec.loads(content)
    except codec.MalformedBody:
        return
    assert json.loads(content) == value


@given(
    dtype=st.sampled_from(["b1", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"]),
    shape=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    data=st.binary(min_size=8, max_size=64),
)
def test_npy_is_what_numpy_wrote(dtype: str, shape: list[int], data: bytes, tmp_path_factory: Any) -> None:
    count = math.prod(shape)
    raw = (data * (count * 8 // len(data) + 1))[: count * np.dtype(dtype).itemsize]
    values = (np.frombuffer(raw, "u1") % 2).view("?") if dtype == "b1" else np.frombuffer(raw, dtype)
    array = values.reshape(shape)
    tensor = npy.loads(_saved(array))
    assert tensor.shape == array.shape
    assert np.asarray(tensor).dtype == array.dtype
    assert np.asarray(tensor).tobytes() == array.tobytes()


def _saved(array: np.ndarray[Any, Any]) -> bytes:
    content = BytesIO()
    np.save(content, array)
    return content.getvalue()
