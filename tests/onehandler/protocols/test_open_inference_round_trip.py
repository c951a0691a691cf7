"""Every datatype, through JSON and through bytes, against numpy: what goes in comes out to the bit."""

from __future__ import annotations

import struct
from math import prod
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onehandler.codecs import json
from onehandler.message import Request
from tests.onehandler.protocols.echoes import DATATYPES, ask, echo, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.handler import Handler

NUMBERS = {name: dtype for name, dtype in DATATYPES.items() if name not in ("BYTES", "BOOL")}
BINARY = {"parameters": {"binary_data_output": True}}
SHAPES = st.tuples(st.integers(0, 4), st.integers(0, 5))


@pytest.fixture(scope="module")
def echoes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Handler]]:
    folder = tmp_path_factory.mktemp("echoes")
    made = {name: echo(folder, dtype) for name, dtype in DATATYPES.items()}
    yield made
    for handler in made.values():
        handler.close()


def numpy_type(datatype: str) -> Any:
    return ml_dtypes.bfloat16 if datatype == "BF16" else np.dtype(DATATYPES[datatype]).newbyteorder("<")


def entry(datatype: str, shape: tuple[int, ...], data: Any) -> dict[str, Any]:
    found = {"name": "x", "datatype": datatype, "shape": list(shape)}
    if isinstance(data, bytes):
        return {**found, "parameters": {"binary_data_size": len(data)}}
    return {**found, "data": data}


def through_bytes(handler: Handler, datatype: str, shape: tuple[int, ...], data: bytes) -> bytes:
    answer, tail = parts(ask(handler, {"inputs": [entry(datatype, shape, data)], **BINARY}, data))
    (output,) = answer["outputs"]
    size = {"binary_data_size": len(tail)}
    assert output == {"name": "y", "datatype": datatype, "shape": list(shape), "parameters": size}
    return tail


def through_json(handler: Handler, datatype: str, shape: tuple[int, ...], data: Any) -> list[Any]:
    answer, tail = parts(ask(handler, {"inputs": [entry(datatype, shape, data)]}))
    (output,) = answer["outputs"]
    assert (output["datatype"], output["shape"], tail) == (datatype, list(shape), b"")
    found: list[Any] = output["data"]
    return found


@pytest.mark.parametrize("datatype", NUMBERS)
@settings(max_examples=30)
@given(data=st.data())
def test_numbers(datatype: str, data: st.DataObject, echoes: dict[str, Handler]) -> None:
    kind = np.dtype(numpy_type(datatype))
    shape = data.draw(SHAPES)
    size = prod(shape) * kind.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    handler = echoes[datatype]
    assert through_bytes(handler, datatype, shape, raw) == raw
    array = np.frombuffer(raw, kind)
    answer, _ = parts(ask(handler, {"inputs": [entry(datatype, shape, raw)]}, raw))
    with np.errstate(invalid="ignore"):  # some NaNs are "signalling"
        said = np.array(answer["outputs"][0]["data"], kind)
        exact, said = (each.astype(np.float64) if kind.kind in "fV" else each for each in (array, said))
    assert np.array_equal(said, exact, equal_nan=exact.dtype.kind == "f")
    values = exact.tolist()
    nested = exact.reshape(shape).tolist()
    for form in (values, nested):
        found = through_json(handler, datatype, shape, form)
        assert json.dumps(found, tokens=True) == json.dumps(values, tokens=True)


@settings(max_examples=30)
@given(shape=SHAPES, data=st.data())
def test_booleans(shape: tuple[int, int], data: st.DataObject, echoes: dict[str, Handler]) -> None:
    values = data.draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
    raw = np.array(values, np.bool_).tobytes()
    assert through_bytes(echoes["BOOL"], "BOOL", shape, raw) == raw
    assert through_json(echoes["BOOL"], "BOOL", shape, values) == values


@settings(max_examples=50)
@given(shape=SHAPES, data=st.data())
def test_strings(shape: tuple[int, int], data: st.DataObject, echoes: dict[str, Handler]) -> None:
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    values = data.draw(st.lists(texts, min_size=prod(shape), max_size=prod(shape)))
    raw = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in values)
    assert through_bytes(echoes["BYTES"], "BYTES", shape, raw) == raw
    assert through_json(echoes["BYTES"], "BYTES", shape, values) == values


WIDER = [
    ("FP64", "FP32"),
    ("FP64", "FP16"),
    ("FP16", "FP64"),
    ("INT64", "UINT8"),
    ("UINT8", "INT64"),
    ("INT64", "UINT64"),
]


@pytest.mark.parametrize(("sent", "model"), WIDER)
@given(value=st.integers(0, 255))
def test_another_width_is_as_good(sent: str, model: str, value: int, echoes: dict[str, Handler]) -> None:
    raw = np.array([value], numpy_type(sent)).tobytes()
    for data, tail in ((raw, raw), ([value], None)):
        answer, _ = parts(ask(echoes[model], {"inputs": [entry(sent, (1, 1), data)]}, tail))
        assert answer["outputs"][0] == {"name": "y", "datatype": model, "shape": [1, 1], "data": [value]}


@given(junk=st.binary(max_size=200), length=st.integers(-1, 220))
def test_any_bytes_are_answered(junk: bytes, length: int, echoes: dict[str, Handler]) -> None:
    request = Request("POST", "/v2/models/echo/infer", {"inference-header-content-length": str(length)}, junk)
    for datatype in ("FP32", "BYTES", "BOOL"):
        assert echoes[datatype].answer(request).status in (200, 400, 413)


WORDS = st.sampled_from(["x", "y", "FP32", "BYTES", "BOOL", "INT8", "name", "shape", "data", ""])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
MEMBERS = {
    "name": WORDS | VALUES,
    "shape": st.lists(st.integers(-1, 3)) | VALUES,
    "datatype": WORDS | VALUES,
    "data": VALUES,
}
PARAMETERS = st.dictionaries(st.sampled_from(["binary_data_size", "binary_data", "classification"]), VALUES)
ENTRIES = st.fixed_dictionaries({}, optional={**MEMBERS, "parameters": PARAMETERS | VALUES}) | VALUES


@settings(max_examples=300)
@given(
    inputs=st.lists(ENTRIES, max_size=3) | VALUES,
    outputs=st.lists(ENTRIES, max_size=2) | VALUES,
    tail=st.none() | st.binary(max_size=20),
)
def test_any_json_is_answered(
    inputs: Any, outputs: Any, tail: bytes | None, echoes: dict[str, Handler]
) -> None:
    for datatype in ("FP32", "BYTES"):
        response = ask(echoes[datatype], {"inputs": inputs, "outputs": outputs}, tail)
        assert response.status in (200, 400, 413)
