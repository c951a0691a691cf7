"""MLflow, SageMaker, TorchServe, Azure ML and Vertex AI: what they answer and what they refuse."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

from tests.bundles import COLUMNS, ROW
from tests.conformance.case import Case, get, post

NAMED = dict(zip(COLUMNS, ROW, strict=True))
HEADER = ",".join(COLUMNS)
LINE = ",".join(map(str, ROW))
CSV, LINES, NPY = "text/csv", "application/jsonlines", "application/x-npy"


def npy(descr: str, shape: tuple[int, ...], data: bytes, order: str = "False") -> bytes:
    """A .npy file of version 1.0, whatever it says."""
    header = (
        f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    )
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def invoke(case_id: str, body: Any, status: int = 200, bundle: str = "iris", **headers: str) -> Case:
    """A POST to /invocations."""
    return post(f"invocations-{case_id}", body, status, bundle, "/invocations", **headers)


def torch(case_id: str, body: Any, status: int = 200, bundle: str = "iris", **headers: str) -> Case:
    """A POST to TorchServe's predictions."""
    return post(f"torchserve-{case_id}", body, status, bundle, f"/predictions/{bundle}", **headers)


def azure(case_id: str, body: Any, status: int = 200, bundle: str = "iris") -> Case:
    """A POST to Azure ML's /score."""
    return post(f"azure-ml-{case_id}", body, status, bundle, "/score")


def vertex(case_id: str, body: Any, status: int = 200, bundle: str = "iris") -> Case:
    """A POST to Vertex AI's predict."""
    return post(f"vertex-ai-{case_id}", body, status, bundle, "/vertex-ai/predict")


def form(*parts: tuple[str, str, bytes], boundary: str = "b") -> bytes:
    """A multipart form of parts (name, type, content)."""
    lines = b""
    for name, media, content in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n'
        lines += (
            head.encode()
            + (f"Content-Type: {media}\r\n" if media else "").encode()
            + b"\r\n"
            + content
            + b"\r\n"
        )
    return lines + f"--{boundary}--\r\n".encode()


FORM = "multipart/form-data; boundary=b"
_SPLIT = {"columns": COLUMNS, "data": [ROW]}
_MIXED = {"age": 1.5, "visits": 2, "city": "Łódź"}
_FIXED = {"a": [[1, 2, 3], [4, 5, 6]], "b": [1, 0, -1]}
_RAW = struct.pack("<8d", *ROW, *ROW)

CASES = [
    invoke("split", {"dataframe_split": _SPLIT}),
    invoke("split-index", {"dataframe_split": {**_SPLIT, "index": [7]}}),
    invoke("split-other-order", {"dataframe_split": {"columns": COLUMNS[::-1], "data": [ROW[::-1]]}}),
    invoke("split-more-columns", {"dataframe_split": {"columns": [*COLUMNS, "id"], "data": [[*ROW, 7]]}}),
    invoke("split-no-columns", {"dataframe_split": {"data": [ROW]}}),
    invoke("split-numbered-columns", {"dataframe_split": {"columns": [0, 1, 2, 3], "data": [ROW]}}),
    invoke("split-missing-column", {"dataframe_split": {"columns": COLUMNS[:3], "data": [ROW[:3]]}}, 400),
    invoke("split-mixed", {"dataframe_split": {"columns": [*_MIXED], "data": [[*_MIXED.values()]]}}, bundle="mixed"),
    invoke("records", {"dataframe_records": [NAMED, NAMED]}),
    invoke("records-more-columns", {"dataframe_records": [{**NAMED, "id": "x"}]}),
    invoke("records-mixed", {"dataframe_records": [_MIXED]}, bundle="mixed"),
    invoke("records-missing-column", {"dataframe_records": [{COLUMNS[0]: 1}]}, 400),
    invoke("records-null", {"dataframe_records": [{"a": 1, "b": None, "c": 2}]}, bundle="regression"),
    invoke("instances", {"instances": [ROW]}),
    invoke("inputs", {"inputs": [ROW]}),
    invoke("inputs-named", {"inputs": {"X": [ROW]}}),
    invoke("inputs-fixed", {"inputs": _FIXED}, bundle="fixed"),
    invoke("nan-tokens", b'{"inputs":[[NaN,1,2,-Infinity]]}'),
    invoke("nan-answer", {"instances": [{"a": 0, "b": 0}]}, bundle="division"),
    invoke("params-none", {"inputs": [ROW], "params": {}}),
    invoke("params-outputs", {"inputs": [ROW], "params": {"outputs": ["probabilities", "label"]}}),
    invoke("params-unknown", {"inputs": [ROW], "params": {"temperature": 1}}, 400),
    invoke("rows", [ROW, ROW]),
    invoke("rows-named", [NAMED]),
    invoke("rows-gzip", gzip.compress(json.dumps([ROW]).encode()), content_encoding="gzip"),
    invoke("charset", {"inputs": [ROW]}, content_type="application/json; charset=utf-8"),
    invoke("csv", f"{LINE}\n{LINE}\n", content_type=CSV),
    invoke("csv-header", f"{HEADER}\r\n{LINE}\r\n", content_type=CSV),
    invoke("csv-header-other-order", f"id,{','.join(COLUMNS[::-1])}\n7,{LINE}\n", content_type=CSV),
    invoke("csv-header-declared", f"{HEADER}\n{LINE}\n", content_type=f"{CSV}; header=present"),
    invoke("csv-header-denied", f"{HEADER}\n{LINE}\n", 400, content_type=f"{CSV}; header=absent"),
    invoke("csv-bom", f"\ufeff{HEADER}\n{LINE}\n", content_type=CSV),
    invoke("csv-quoted", '1,2,"a, ""b""\nc"\n', bundle="mixed", content_type=CSV),
    invoke("csv-missing", "1,,3\n", bundle="regression", content_type=CSV),
    invoke("csv-gzip", gzip.compress(LINE.encode()), content_type=CSV, content_encoding="gzip"),
    invoke("csv-accept-csv", f"{LINE}\n", content_type=CSV, accept=CSV),
    invoke("csv-accept-mixed", "1,2,Łódź\n", bundle="mixed", content_type=CSV, accept=CSV),
    invoke("lines", f"{json.dumps(ROW)}\n{json.dumps(NAMED)}\n\n", content_type=LINES),
    invoke("lines-accept-lines", f"{json.dumps(ROW)}\n" * 2, content_type=LINES, accept=LINES),
    invoke("lines-accept-alias", json.dumps(ROW), content_type="application/jsonl", accept="application/x-ndjson"),
    invoke("npy", npy("<f8", (2, 4), _RAW), content_type=NPY),
    invoke("npy-accept-npy", npy("<f8", (2, 4), _RAW), content_type=NPY, accept=NPY),
    invoke("npy-accept-strings", {"inputs": [[[1.0] * 8] * 8]}, 406, bundle="image", accept=NPY),
    invoke("npy-fortran", npy("<f8", (2, 4), _RAW, "True"), 400, content_type=NPY),
    invoke("accept-several-npy", [_MIXED], 406, bundle="mixed", accept=NPY),
    invoke(
        "attributes",
        f"{LINE}\n",
        content_type=CSV,
        accept=CSV,
        x_amzn_sagemaker_custom_attributes="outputs=label,probabilities",
    ),
    invoke("attributes-opaque", [ROW], x_amzn_sagemaker_custom_attributes="trace-id-7"),
    invoke("attributes-unknown", [ROW], 400, x_amzn_sagemaker_custom_attributes="outputs=nothing"),
    invoke("accept-weights", [ROW], accept=f"application/json;q=0.2, {CSV};q=0.9, */*;q=0.1"),
    invoke("accept-any-text", [ROW], accept="text/*"),
    invoke("accept-image", [ROW], 406, accept="image/png"),
    invoke("accept-npy-denied", [ROW], accept=f"{NPY};q=0, */*"),
    invoke("form", b"a=1", 415, content_type="application/x-www-form-urlencoded"),
    invoke("recordio", b"\0", 415, content_type="application/x-recordio-protobuf"),
    invoke("libsvm", b"1 1:2", 415, content_type="text/libsvm"),
    get("invocations-get", "/invocations", 405),
    get("invocations-below", "/invocations/iris", 404),
    get("version", "/version"),
    get("health", "/health"),
    get("health-post", "/health", 405, "POST"),
    get("version-json", "/version", accept="application/json"),
    get("execution-parameters", "/execution-parameters"),
    torch("item", NAMED),
    torch("rows", [ROW, NAMED]),
    torch("instances", {"instances": [ROW]}),
    torch("curl", json.dumps(NAMED), content_type="application/x-www-form-urlencoded"),
    torch("file", json.dumps([ROW]), content_type="application/octet-stream"),
    torch("form", form(("data", "application/json", json.dumps(NAMED).encode())), content_type=FORM),
    torch("form-untyped", form(("body", "", json.dumps([ROW]).encode())), content_type=FORM),
    torch("form-other-field", form(("file", "", b"[]")), 400, content_type=FORM),
    torch("form-two-fields", form(("data", "", b"1"), ("body", "", b"2")), 400, content_type=FORM),
    torch("mixed", _MIXED, bundle="mixed"),
    torch("gzip", gzip.compress(json.dumps(NAMED).encode()), content_encoding="gzip"),
    torch("csv", LINE, 415, content_type=CSV),
    Case("torchserve-put", "iris", "PUT", "/predictions/iris", {}, json.dumps([ROW]).encode(), 200),
    post("torchserve-default", NAMED, path="/predictions"),
    post("torchserve-version", NAMED, path="/predictions/iris/1"),
    post("torchserve-other-version", NAMED, 404, path="/predictions/iris/2"),
    post("torchserve-other", NAMED, 404, path="/predictions/other"),
    get("torchserve-get", "/predictions/iris", 405),
    get("models", "/models"),
    get("models-one", "/models/iris"),
    get("models-version", "/models/iris/1"),
    get("models-all", "/models/iris/all"),
    get("models-other", "/models/other", 404),
    azure("split", {"input_data": _SPLIT}),
    azure("rows", {"input_data": [ROW]}),
    azure("tensors", {"input_data": {"X": [ROW]}}),
    azure("data", {"data": [NAMED]}),
    azure("params", {"input_data": [ROW], "params": {"outputs": ["probabilities"]}}),
    azure("inputs", {"Inputs": {"data": [NAMED]}, "GlobalParameters": {}}),
    azure("inputs-method", {"Inputs": {"data": [NAMED]}, "GlobalParameters": {"method": "x"}}, 400),
    azure("two-forms", {"data": [ROW], "input_data": [ROW]}, 400),
    azure("fixed", {"input_data": _FIXED}, bundle="fixed"),
    get("azure-ml-get", "/score", 405),
    vertex("instances", {"instances": [ROW, NAMED]}),
    vertex("parameters", {"instances": [ROW], "parameters": {"outputs": ["label", "probabilities"]}}),
    vertex("parameters-unknown", {"instances": [ROW], "parameters": {"top_k": 3}}, 400),
    vertex("base64", {"instances": [{**_MIXED, "city": {"b64": "S8O2bG4="}}]}, bundle="mixed"),
    vertex("no-instances", {"parameters": {}}, 400),
]  # fmt: skip
