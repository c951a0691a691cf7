"""Open Inference Protocol V2: what it answers and what it refuses."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

from tests.bundles import ROW
from tests.conformance.case import Case, get, post

OCTETS = "application/octet-stream"


def tensor(name: str, datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    """An input as JSON, or, with bytes as its data, what the JSON says of bytes that follow it."""
    entry = {"name": name, "datatype": datatype, "shape": shape}
    if isinstance(data, bytes):
        return {**entry, "parameters": {"binary_data_size": len(data)}}
    return {**entry, "data": data}


def infer(
    case_id: str,
    inputs: Any,
    status: int = 200,
    bundle: str = "iris",
    sent: dict[str, Any] | None = None,
    /,
    **members: Any,
) -> Case:
    """A POST to a model's infer; `sent` are further headers."""
    headers = {name.replace("-", "_"): value for name, value in (sent or {}).items()}
    path = f"/v2/models/{bundle}/infer"
    return post(f"v2-{case_id}", {"inputs": inputs, **members}, status, bundle, path, **headers)


def binary(
    case_id: str, body: dict[str, Any], tail: bytes, status: int = 200, bundle: str = "iris", **headers: str
) -> Case:
    """A POST of JSON and of bytes after it."""
    head = json.dumps(body).encode()
    sent = {"inference_header_content_length": str(len(head)), "content_type": OCTETS, **headers}
    return post(f"v2-binary-{case_id}", head + tail, status, bundle, f"/v2/models/{bundle}/infer", **sent)


def packed(*texts: str) -> bytes:
    """Strings as the binary extension has them."""
    return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)


_RAW = struct.pack("<4f", *ROW)
_X = tensor("X", "FP32", [1, 4], ROW)
_X_BYTES = tensor("X", "FP32", [1, 4], _RAW)
_MIXED = [
    tensor("age", "FP32", [2, 1], [1.5, 2]),
    tensor("visits", "INT64", [2, 1], [1, 2]),
    tensor("city", "BYTES", [2, 1], ["Łódź", ""]),
]
_CITY = packed("Łódź", "")
_AGE = struct.pack("<2f", 1.5, 2)
_MIXED_BYTES = [tensor("city", "BYTES", [2, 1], _CITY), _MIXED[1], tensor("age", "FP32", [2, 1], _AGE)]
_HEAD = json.dumps({"inputs": [_X_BYTES]}).encode()
_NAN = b'{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":[NaN,1,-Infinity,3]}]}'

CASES = [
    get("v2-server", "/v2"),
    get("v2-server-post", "/v2", 405, "POST"),
    get("v2-live", "/v2/health/live"),
    get("v2-ready", "/v2/health/ready"),
    get("v2-ready-head", "/v2/health/ready", method="HEAD"),
    get("v2-model", "/v2/models/iris"),
    get("v2-model-version", "/v2/models/iris/versions/1"),
    get("v2-model-other", "/v2/models/other", 404),
    get("v2-model-other-version", "/v2/models/iris/versions/2", 404),
    get("v2-model-ready", "/v2/models/iris/ready"),
    get("v2-model-ready-version", "/v2/models/iris/versions/1/ready"),
    get("v2-model-ready-other", "/v2/models/other/ready", 404),
    get("v2-infer-get", "/v2/models/iris/infer", 405),
    get("v2-config", "/v2/models/iris/config", 404),
    get("v2-stats", "/v2/models/iris/versions/1/stats", 404),
    get("v2-shared-memory", "/v2/systemsharedmemory/status", 404),
    get("v2-nothing", "/v2/elsewhere", 404),
    get("v2-index", "/v2/repository/index", method="POST"),
    post("v2-index-ready", {"ready": True}, path="/v2/repository/index"),
    post("v2-index-wrong", {"ready": 1}, 400, path="/v2/repository/index"),
    post("v2-load", {}, 404, path="/v2/repository/models/iris/load"),
    post("v2-generate", {}, 404, path="/v2/models/iris/generate"),
    post("v2-version", {"inputs": [_X]}, path="/v2/models/iris/versions/1/infer"),
    post("v2-other-version", {"inputs": [_X]}, 404, path="/v2/models/iris/versions/7/infer"),
    post("v2-other-model", {"inputs": [_X]}, 404, path="/v2/models/other/infer"),
    infer("flat", [_X]),
    infer("nested", [tensor("X", "FP32", [2, 4], [ROW, ROW])]),
    infer("float64", [tensor("X", "FP64", [1, 4], ROW)]),
    infer("float16", [tensor("X", "FP16", [1, 4], ROW)]),
    infer("no-rows", [tensor("X", "FP32", [0, 4], [])]),
    infer("id", [_X], id="42"),
    infer("id-unicode", [_X], id="Łódź 🌍"),
    infer("parameters", [{**_X, "parameters": {"mine": 1}}], parameters={"timeout": 9, "mine": [1]}),
    infer("unknown-member", [_X], model_name="iris"),
    infer("one-output", [_X], outputs=[{"name": "probabilities"}]),
    infer("outputs-in-order", [_X], outputs=[{"name": "probabilities"}, {"name": "label"}]),
    infer("outputs-none", [_X], outputs=[]),
    infer("classes", [_X], outputs=[{"name": "probabilities", "parameters": {"classification": 2}}]),
    infer("classes-many", [_X], outputs=[{"name": "probabilities", "parameters": {"classification": 99}}]),
    infer("binary-answer", [_X], parameters={"binary_data_output": True}),
    infer("binary-output", [_X], outputs=[{"name": "label", "parameters": {"binary_data": True}}]),
    infer(
        "binary-but-one",
        [_X],
        parameters={"binary_data_output": True},
        outputs=[{"name": "label", "parameters": {"binary_data": False}}, {"name": "probabilities"}],
    ),
    infer("mixed", _MIXED, 200, "mixed"),
    infer("mixed-other-order", _MIXED[::-1], 200, "mixed"),
    infer("mixed-binary-answer", _MIXED, 200, "mixed", parameters={"binary_data_output": True}),
    infer("lookup", [tensor("index", "INT32", [2], [3, 7])], 200, "lookup"),
    infer("lookup-model-error", [tensor("index", "INT64", [1], [99])], 400, "lookup"),
    infer(
        "fixed",
        [tensor("a", "FP32", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("b", "FP32", [3], [1, 0, -1])],
        200,
        "fixed",
    ),
    infer(
        "nan-answer",
        [tensor("a", "FP32", [3], [0, 1, -1]), tensor("b", "FP32", [3], [0] * 3)],
        200,
        "division",
    ),
    post("v2-nan-token", _NAN, path="/v2/models/iris/infer"),
    infer("null", [tensor("X", "FP64", [1, 3], [1, None, 3])], 200, "regression"),
    infer("curl", [_X], 200, "iris", {"content-type": "application/x-www-form-urlencoded"}),
    infer("csv", [_X], 415, "iris", {"content-type": "text/csv"}),
    infer("accept-octets", [_X], 200, "iris", {"accept": OCTETS}, parameters={"binary_data_output": True}),
    infer("accept-image", [_X], 406, "iris", {"accept": "image/png"}),
    infer("missing", _MIXED[:2], 400, "mixed"),
    infer("wrong-datatype", [tensor("X", "INT64", [1, 4], [1, 2, 3, 4])], 400),
    infer("wrong-shape", [tensor("X", "FP32", [1, 3], [1, 2, 3])], 400),
    infer("wrong-count", [tensor("X", "FP32", [1, 4], [1, 2, 3])], 400),
    post(
        "v2-gzip",
        gzip.compress(json.dumps({"inputs": [_X]}).encode(), mtime=0),
        path="/v2/models/iris/infer",
        content_encoding="gzip",
    ),
    binary("input", {"inputs": [_X_BYTES]}, _RAW),
    binary("both-ways", {"inputs": [_X_BYTES], "parameters": {"binary_data_output": True}, "id": "7"}, _RAW),
    binary("mixed", {"inputs": _MIXED_BYTES}, _CITY + _AGE, 200, "mixed"),
    binary("float64", {"inputs": [tensor("X", "FP64", [1, 4], bytes(32))]}, bytes(32)),
    binary("no-tail", {"inputs": [_X]}, b""),
    binary("header-as-json", {"inputs": [_X_BYTES]}, _RAW, content_type="application/json"),
    binary("cut-off", {"inputs": [_X_BYTES]}, _RAW[:-1], 400),
    binary("too-long", {"inputs": [_X_BYTES]}, _RAW + b"x", 400),
    post(
        "v2-binary-gzip",
        gzip.compress(_HEAD + _RAW, mtime=0),
        path="/v2/models/iris/infer",
        content_type=OCTETS,
        content_encoding="gzip",
        inference_header_content_length=str(len(_HEAD)),
    ),
    post(
        "v2-raw",
        _RAW * 2,
        path="/v2/models/iris/infer",
        content_type=OCTETS,
        inference_header_content_length="0",
    ),
    post("v2-raw-several", _RAW, 400, "mixed", "/v2/models/mixed/infer", inference_header_content_length="0"),
]
