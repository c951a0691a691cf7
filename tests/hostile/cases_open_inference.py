"""Open Inference Protocol V2: requests that lie about shapes, sizes and types."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

from tests.bundles import ROW
from tests.conformance.case import Case, get, post
from tests.conformance.cases_open_inference import OCTETS, binary, infer, packed, tensor
from tests.hostile.raw_bodies import MARKER, RAW_BODIES, nested

_M = MARKER.encode()
_RAW = struct.pack("<4f", *ROW)
_PATH = "/v2/models/iris/infer"


def _x(**changes: Any) -> list[dict[str, Any]]:
    """The right input with some of it replaced."""
    return [{**tensor("X", "FP32", [1, 4], ROW), **changes}]


def _without(name: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in _x()[0].items() if key != name}]


_INPUTS: list[tuple[str, Any]] = [
    ("null", None),
    ("object", {"X": ROW}),
    ("string", MARKER),
    ("empty", []),
    ("of-nulls", [None]),
    ("of-arrays", [ROW]),
    ("of-strings", [MARKER]),
    ("name-missing", _without("name")),
    ("name-unknown", _x(name=MARKER)),
    ("name-number", _x(name=5)),
    ("name-object", _x(name={MARKER: 1})),
    ("twice", _x() + _x()),
    ("many-unknown", [tensor(f"{MARKER}{number}", "FP32", [1], [1]) for number in range(2000)]),
    ("one-unknown-more", [*_x(), tensor(MARKER, "FP32", [1], [1])]),
    ("shape-missing", _without("shape")),
    ("shape-null", _x(shape=None)),
    ("shape-number", _x(shape=4)),
    ("shape-string", _x(shape=MARKER)),
    ("shape-of-strings", _x(shape=["1", MARKER])),
    ("shape-decimal", _x(shape=[1.0, 4.0])),
    ("shape-boolean", _x(shape=[True, 4])),
    ("shape-negative", _x(shape=[-1, 4])),
    ("shape-two-negatives", _x(shape=[-1, -4])),
    ("shape-nested", _x(shape=[[1, 4]])),
    ("shape-scalar", _x(shape=[])),
    ("shape-transposed", _x(shape=[4, 1])),
    ("shape-too-many", _x(shape=[1] * 33)),
    ("shape-very-many", _x(shape=[1] * 5000)),
    ("shape-larger", _x(shape=[2, 4])),
    ("shape-smaller", _x(shape=[1, 3])),
    ("shape-10^9-rows", _x(shape=[10**9, 4])),
    ("shape-2^62", _x(shape=[2**62, 4])),
    ("shape-overflowing", _x(shape=[2**63 - 1, 2**63 - 1])),
    ("shape-beyond-int64", _x(shape=[2**64, 4])),
    ("shape-huge", _x(shape=[10**300, 4])),
    ("shape-wrapping-to-4", _x(shape=[2**62 + 1, 4])),
    ("shape-zero-with-data", _x(shape=[0, 4])),
    ("shape-zeros", _x(shape=[0, 0], data=[])),
    ("datatype-missing", _without("datatype")),
    ("datatype-null", _x(datatype=None)),
    ("datatype-number", _x(datatype=1)),
    ("datatype-array", _x(datatype=["FP32"])),
    ("datatype-lower-case", _x(datatype="fp32")),
    ("datatype-of-numpy", _x(datatype="float32")),
    ("datatype-unknown", _x(datatype=MARKER)),
    ("datatype-int", _x(datatype="INT64", data=[1, 2, 3, 4])),
    ("datatype-bool", _x(datatype="BOOL", data=[True] * 4)),
    ("datatype-bytes", _x(datatype="BYTES", data=[MARKER] * 4)),
    ("data-missing", _without("data")),
    ("data-null", _x(data=None)),
    ("data-number", _x(data=1)),
    ("data-string", _x(data=MARKER)),
    ("data-object", _x(data={MARKER: 1})),
    ("data-empty", _x(data=[])),
    ("data-too-few", _x(data=ROW[:3])),
    ("data-too-many", _x(data=[*ROW, 1])),
    ("data-nulls", _x(data=[None] * 4)),
    ("data-of-strings", _x(data=[MARKER] * 4)),
    ("data-numbers-in-strings", _x(data=["1", "2", "3", "4"])),
    ("data-booleans", _x(data=[True] * 4)),
    ("data-objects", _x(data=[{MARKER: 1}] * 4)),
    ("data-array-among-numbers", _x(data=[1, 2, 3, [4]])),
    ("data-number-among-arrays", _x(shape=[2, 4], data=[ROW, 1])),
    ("data-ragged", _x(shape=[2, 4], data=[ROW, ROW[:3]])),
    ("data-too-deep", _x(data=[[ROW]])),
    ("data-deep", _x(data=nested(55))),
    ("data-nested-otherwise", _x(data=[[value] for value in ROW])),
    ("data-beyond-float32", _x(data=[1, 2, 3, 1e300])),
    ("data-beyond-float16", _x(datatype="FP16", data=[1, 2, 3, 1e6])),
    ("data-float64-beyond-float32", _x(datatype="FP64", data=[1, 2, 3, 1e300])),
    ("data-beyond-double", _x(data=[1, 2, 3, 10**400])),
    ("parameters-null-size", _x(parameters={"binary_data_size": 16})),
    ("parameters-array", _x(parameters=[MARKER])),
    ("parameters-string", _x(parameters=MARKER)),
    ("shared-memory", _x(parameters={"shared_memory_region": MARKER, "shared_memory_byte_size": 16})),
]

_INTEGERS: list[tuple[str, str, list[Any]]] = [
    ("uint8-300", "UINT8", [300]),
    ("uint8-negative", "UINT8", [-1]),
    ("int8-128", "INT8", [128]),
    ("int32-overflow", "INT32", [2**31]),
    ("int64-overflow", "INT64", [2**63]),
    ("uint64-overflow", "UINT64", [2**64]),
    ("uint64-beyond-int64", "UINT64", [2**63]),
    ("fraction", "INT64", [1.5]),
    ("boolean", "INT64", [True]),
    ("digits-in-string", "INT64", ["3"]),
    ("huge", "INT64", [10**4000]),
    ("out-of-range", "INT64", [10]),
]

_BODIES: list[tuple[str, Any]] = [
    ("id-number", {"id": 5, "inputs": _x()}),
    ("id-object", {"id": {MARKER: 1}, "inputs": _x()}),
    ("parameters-array", {"parameters": [MARKER], "inputs": _x()}),
    ("binary-output-string", {"parameters": {"binary_data_output": MARKER}, "inputs": _x()}),
    ("outputs-object", {"outputs": {MARKER: 1}, "inputs": _x()}),
    ("outputs-string", {"outputs": MARKER, "inputs": _x()}),
    ("outputs-of-strings", {"outputs": [MARKER], "inputs": _x()}),
    ("outputs-unknown", {"outputs": [{"name": MARKER}], "inputs": _x()}),
    ("outputs-without-name", {"outputs": [{}], "inputs": _x()}),
    ("outputs-twice", {"outputs": [{"name": "label"}] * 2, "inputs": _x()}),
    ("outputs-binary-number", {"outputs": [{"name": "label", "parameters": {"binary_data": 1}}], "inputs": _x()}),
    ("outputs-shared-memory", {"outputs": [{"name": "label", "parameters": {"shared_memory_region": MARKER}}],
                               "inputs": _x()}),
    *(
        (f"classification-{name}", {"outputs": [{"name": "label", "parameters": {"classification": value}}],
                                    "inputs": _x()})
        for name, value in (("string", MARKER), ("negative", -1), ("huge", 10**20), ("decimal", 1.5), ("true", True))
    ),
]  # fmt: skip

_SIZES: list[tuple[str, Any, bytes]] = [
    ("size-too-large", 17, _RAW),
    ("size-huge", 10**18, _RAW),
    ("size-negative", -16, _RAW),
    ("size-string", "16", _RAW),
    ("size-boolean", True, b"x"),
    ("size-decimal", 16.0, _RAW),
    ("size-array", [16], _RAW),
    ("size-small", 12, _RAW),
    ("size-zero", 0, b""),
    ("size-of-another-type", 32, _RAW * 2),
    ("left-over", 16, _RAW + _M),
]

_LENGTHS = [
    ("not-a-number", MARKER),
    ("empty", ""),
    ("negative", "-1"),
    ("decimal", "5.0"),
    ("plus", "+5"),
    ("hexadecimal", "0x5"),
    ("arabic-digits", "٣"),
    ("several", "5, 5"),
    ("beyond-the-body", "100000"),
    ("huge", "9" * 400),
    ("in-the-middle", "7"),
]

_STRINGS: list[tuple[str, bytes, int]] = [
    ("cut-off", b"\x03\0\0\0ab", 1),
    ("length-cut-off", b"\x03\0", 1),
    ("length-lies", b"\xff\xff\xff\xff" + _M, 1),
    ("too-many", packed("a", "b"), 1),
    ("too-few", packed("a"), 2),
    ("none", b"", 1),
    ("not-utf-8", b"\x02\0\0\0\xff\xfe", 1),
    ("many-empty", packed("") * 5000, 1),
    ("10^9-claimed", packed("a"), 10**9),
]


def _mixed(name: str, tail: bytes, count: int) -> Case:
    """The model with a string among its inputs, the others in order."""
    inputs = [
        tensor("age", "FP32", [1, 1], [1]),
        tensor("visits", "INT64", [1, 1], [1]),
        tensor("city", "BYTES", [count, 1], tail),
    ]
    return binary(f"strings-{name}", {"inputs": inputs}, tail, 400, "mixed")


_BOMB = gzip.compress(b" " * 3_000_000)
_HEAD = json.dumps({"inputs": _x()}).encode()

CASES: list[Case] = [
    *(infer(f"inputs-{name}", inputs, 400) for name, inputs in _INPUTS),
    *(
        infer(f"integers-{name}", [tensor("index", datatype, [1], data)], 400, "lookup")
        for name, datatype, data in _INTEGERS
    ),
    *(post(f"v2-body-{name}", body, 400, path=_PATH) for name, body in _BODIES),
    *(
        post(f"v2-bytes-{name}", body, 400 if status == 422 else status, path=_PATH)
        for name, body, status in RAW_BODIES
    ),
    *(
        binary(
            name,
            {
                "inputs": [
                    {
                        "name": "X",
                        "shape": [1, 4],
                        "datatype": "FP32",
                        "parameters": {"binary_data_size": size},
                    }
                ]
            },
            tail,
            400,
        )
        for name, size, tail in _SIZES
    ),
    *(
        post(
            f"v2-length-{name}",
            _HEAD,
            400,
            path=_PATH,
            inference_header_content_length=value,
            content_type=OCTETS,
        )
        for name, value in _LENGTHS
    ),
    *(_mixed(name, tail, count) for name, tail, count in _STRINGS),
    binary("data-and-size", {"inputs": _x(parameters={"binary_data_size": 16})}, _RAW, 400),
    binary(
        "bool-of-2",
        {"inputs": [tensor("X", "BOOL", [1, 4], b"\2" * 4)]},
        b"\2" * 4,
        400,
    ),
    binary("unclaimed", {"inputs": _x()}, _M, 400),
    post("v2-size-without-header", {"inputs": [tensor("X", "FP32", [1, 4], _RAW)]}, 400, path=_PATH),
    post("v2-octets-without-header", _RAW, 400, path=_PATH, content_type=OCTETS),
    post("v2-raw-no-row", _RAW[:-1], 400, path=_PATH, inference_header_content_length="0"),
    post(
        "v2-raw-empty",
        b"",
        400,
        path=_PATH,
        inference_header_content_length="0",
        content_encoding="gzip",
    ),
    post("v2-raw-string", _M, 400, "mixed", "/v2/models/mixed/infer", inference_header_content_length="0"),
    post("v2-gzip-bomb", _BOMB, 413, path=_PATH, content_encoding="gzip"),
    post(
        "v2-gzip-bomb-binary",
        _BOMB,
        413,
        path=_PATH,
        content_encoding="gzip",
        inference_header_content_length="2",
    ),
    post(
        "v2-binary-too-many", b" " * (1024 * 1024 + 1), 413, path=_PATH, inference_header_content_length="2"
    ),
    post("v2-encoding-unknown", _HEAD, 415, path=_PATH, content_encoding=MARKER),
    post("v2-type-unknown", _HEAD, 415, path=_PATH, content_type=f"text/{MARKER}"),
    post("v2-index-body", _M, 400, path="/v2/repository/index"),
    post("v2-index-array", [MARKER], 400, path="/v2/repository/index"),
    post("v2-load-marker", {}, 404, path=f"/v2/repository/models/{MARKER}/load"),
    get("v2-path-marker", f"/v2/{MARKER}", 404),
    get("v2-path-model-marker", f"/v2/models/{MARKER}", 404),
    get("v2-path-version-marker", f"/v2/models/iris/versions/{MARKER}/ready", 404),
    get("v2-path-no-name", "/v2/models/", 404),
    get("v2-path-models", "/v2/models", 404),
    get("v2-path-climbing", "/v2/models/../health/live", 404),
    get("v2-method", "/v2/models/iris/infer", 405, "DELETE"),
]
