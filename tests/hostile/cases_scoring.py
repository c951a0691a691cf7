"""MLflow, SageMaker, TorchServe, Azure ML and Vertex AI: tables, arrays, lines and forms that lie."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

from tests.bundles import COLUMNS, ROW
from tests.conformance.case import Case, get, post
from tests.conformance.cases_scoring import CSV, FORM, HEADER, LINE, LINES, NPY, azure, form, npy, vertex
from tests.conformance.cases_scoring import invoke as invoked
from tests.conformance.cases_scoring import torch as served
from tests.hostile.raw_bodies import MARKER, RAW_BODIES, nested

_M = MARKER.encode()
_RAW = struct.pack("<4f", *ROW)
_PICKLE = b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."
_NAMED = dict(zip(COLUMNS, ROW, strict=True))
_ACCEPT = "x-amzn-sagemaker-custom-attributes"

# MLflow's JSON: (id, body).
_MLFLOW: list[tuple[str, Any]] = [
    ("no-member", {}),
    ("unknown-member", {MARKER: [ROW]}),
    ("two-forms", {"instances": [ROW], "inputs": [ROW]}),
    ("params-alone", {"params": {}}),
    ("params-array", {"inputs": [ROW], "params": [MARKER]}),
    ("params-string", {"inputs": [ROW], "params": MARKER}),
    ("params-unknown", {"inputs": [ROW], "params": {MARKER: 1}}),
    ("params-outputs-unknown", {"inputs": [ROW], "params": {"outputs": [MARKER]}}),
    ("params-outputs-empty", {"inputs": [ROW], "params": {"outputs": []}}),
    ("params-outputs-twice", {"inputs": [ROW], "params": {"outputs": ["label", "label"]}}),
    ("params-outputs-nested", {"inputs": [ROW], "params": {"outputs": [["label"]]}}),
    ("params-outputs-object", {"inputs": [ROW], "params": {"outputs": {MARKER: 1}}}),
    ("split-null", {"dataframe_split": None}),
    ("split-array", {"dataframe_split": [ROW]}),
    ("split-empty", {"dataframe_split": {}}),
    ("split-unknown", {"dataframe_split": {"columns": COLUMNS, "data": [ROW], MARKER: 1}}),
    ("split-no-data", {"dataframe_split": {"columns": COLUMNS}}),
    ("split-data-object", {"dataframe_split": {"columns": COLUMNS, "data": {MARKER: 1}}}),
    ("split-data-empty", {"dataframe_split": {"columns": COLUMNS, "data": []}}),
    ("split-data-flat", {"dataframe_split": {"columns": COLUMNS, "data": ROW}}),
    ("split-data-strings", {"dataframe_split": {"columns": COLUMNS, "data": [[MARKER] * 4]}}),
    ("split-data-short", {"dataframe_split": {"columns": COLUMNS, "data": [ROW, ROW[:2]]}}),
    ("split-data-objects", {"dataframe_split": {"columns": COLUMNS, "data": [_NAMED]}}),
    ("split-columns-null-names", {"dataframe_split": {"columns": [None] * 4, "data": [ROW]}}),
    ("split-columns-string", {"dataframe_split": {"columns": MARKER, "data": [ROW]}}),
    ("split-columns-twice", {"dataframe_split": {"columns": [*COLUMNS, COLUMNS[0]], "data": [[*ROW, 1]]}}),
    ("split-columns-unknown", {"dataframe_split": {"columns": [MARKER] * 4, "data": [ROW]}}),
    (
        "split-columns-many",
        {"dataframe_split": {"columns": [f"{MARKER}{n}" for n in range(5000)], "data": [ROW]}},
    ),
    ("records-object", {"dataframe_records": {MARKER: 1}}),
    ("records-of-arrays", {"dataframe_records": [ROW]}),
    ("records-empty", {"dataframe_records": []}),
    ("records-empty-objects", {"dataframe_records": [{}]}),
    ("records-nested", {"dataframe_records": [{**_NAMED, COLUMNS[0]: {MARKER: 1}}]}),
    ("records-mixed", {"dataframe_records": [_NAMED, {COLUMNS[0]: 1}]}),
    ("records-string", {"dataframe_records": [{**_NAMED, COLUMNS[0]: MARKER}]}),
    ("instances-null", {"instances": None}),
    ("instances-deep", {"instances": nested(55)}),
    ("inputs-unknown", {"inputs": {MARKER: [ROW]}}),
    ("inputs-flat", {"inputs": ROW}),
    ("inputs-ragged", {"inputs": [ROW, ROW[:1]]}),
    ("inputs-10^9", {"inputs": [[10**9] * 3]}),
    ("rows-empty", []),
    ("rows-of-strings", [MARKER]),
    ("rows-ragged", [ROW, ROW[:3]]),
    ("rows-too-wide", [[*ROW, 1]]),
]

# Tables: (id, body, content type after text/csv).
_TABLES: list[tuple[str, bytes, str]] = [
    ("empty", b"", ""),
    ("blank-lines", b"\n\r\n\n", ""),
    ("nul", b"\0", ""),
    ("nuls", b"1,2,3,\0\n", ""),
    ("header-alone", HEADER.encode(), ""),
    ("header-present-missing", LINE.encode(), "; header=present"),
    ("header-absent-there", f"{HEADER}\n{LINE}".encode(), "; header=absent"),
    ("header-twice", f"{HEADER},{COLUMNS[0]}\n{LINE},1".encode(), ""),
    ("header-in-the-middle", f"{LINE}\n{HEADER}\n".encode(), ""),
    ("header-partial", f"{','.join(COLUMNS[:3])},{MARKER}\n{LINE}".encode(), ""),
    ("too-narrow", b"1,2,3\n", ""),
    ("too-wide", b"1,2,3,4,5\n", ""),
    ("ragged", f"{LINE}\n1,2\n".encode(), ""),
    ("one-line-of-commas", b"," * 500_000, ""),
    ("one-cell", b"1" * 120_000, ""),
    ("cell-too-long", b'"' + b"a" * 200_000 + b'",2,3,4', ""),
    ("quote-open", b'1,2,3,"' + _M, ""),
    ("quote-within", b'1,2,3,"4"' + _M + b"\n", ""),
    ("semicolons", b"1;2;3;4\n", ""),
    ("tabs", b"1\t2\t3\t4\n", ""),
    ("words", f"1,2,3,{MARKER}\n".encode(), ""),
    ("empty-cell", b"1,2,3,\n", ""),
    ("underscore", b"1,2,3,1_000\n", ""),
    ("arabic-digits", "1,2,3,٤\n".encode(), ""),
    ("hexadecimal", b"1,2,3,0x10\n", ""),
    ("formula", b"1,2,3,=1+1\n", ""),
    ("beyond-float32", b"1,2,3,1e300\n", ""),
    ("latin-1", "1,2,3,é\n".encode("latin-1"), ""),
    ("utf-16", LINE.encode("utf-16"), ""),
    ("truncated-utf-8", b"1,2,3,\xc3", ""),
    ("pickle", _PICKLE, ""),
    ("many-digits", b"1,2,3," + b"9" * 5000, ""),
]
_NO_CSV = (
    "cell-too-long", "quote-open", "quote-within", "latin-1", "utf-16", "truncated-utf-8", "pickle",
)  # fmt: skip
_LINES: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("blank", b"\n\n \n", 400),
    ("cut-off", b"[1,2,3,4]\n[1,2,", 400),
    ("second-wrong", b"[1,2,3,4]\n" + _M, 400),
    ("two-on-a-line", b"[1,2,3,4][1,2,3,4]", 400),
    ("array-over-lines", b"[[1,2,3,4],\n[1,2,3,4]]", 400),
    ("duplicate-name", b'{"' + _M + b'":1,"' + _M + b'":2}', 400),
    ("short", b"[1,2,3]", 400),
    ("string", b'"' + _M + b'"', 400),
    ("null", b"null", 400),
    ("deep", b"[" * 200 + b"]" * 200, 413),
    ("bom", b"\xef\xbb\xbf[1,2,3,4]", 400),
    ("latin-1", '["é"]'.encode("latin-1"), 400),
    ("surrogate", b'["\\ud800"]', 400),
    ("many-nulls", b"null\n" * 100_000, 400),
]
_ARRAYS: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("magic-alone", b"\x93NUMPY"),
    ("magic-wrong", b"\x93NUMPZ\x01\x00" + npy("<f4", (1, 4), _RAW)[8:]),
    ("header-cut-off", npy("<f4", (1, 4), _RAW)[:60]),
    ("header-length-lies", b"\x93NUMPY\x01\x00\xff\xff" + _RAW),
    ("header-length-huge", b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + _RAW),
    ("header-program", b"\x93NUMPY\x01\x00" + struct.pack("<H", 40) + b"__import__('os').system('" + _M),
    ("pickle", npy("|O", (1,), _PICKLE)),
    ("pickle-alone", _PICKLE),
    ("strings", npy("<U4", (1, 4), b"a\0\0\0" * 16)),
    ("records", npy("[('" + MARKER + "', '<f4')]", (1, 4), _RAW)),
    ("complex", npy("<c8", (1, 4), _RAW * 2)),
    ("dates", npy("<M8[s]", (1, 4), _RAW * 2)),
    ("big-endian", npy(">f4", (1, 4), _RAW)),
    ("shape-larger", npy("<f4", (2, 4), _RAW)),
    ("shape-smaller", npy("<f4", (1, 3), _RAW)),
    ("shape-10^9", npy("<f4", (10**9, 4), _RAW)),
    ("shape-overflowing", npy("<f4", (2**62, 2**62), _RAW)),
    ("shape-negative", npy("<f4", (-1, 4), _RAW)),
    ("shape-flat", npy("<f4", (4,), _RAW)),
    ("shape-scalar", npy("<f4", (), _RAW[:4])),
    ("no-rows", npy("<f4", (0, 4), b"")),
    ("more-bytes", npy("<f4", (1, 4), _RAW + _M)),
    ("cut-off", npy("<f4", (1, 4), _RAW[:-1])),
    ("integers", npy("<i8", (1, 4), struct.pack("<4q", 1, 2, 3, 4))),
    ("booleans-of-2", npy("|b1", (1, 4), b"\2" * 4)),
    ("zip", b"PK\x03\x04" + _M),
]
_FORMS: list[tuple[str, bytes, str]] = [
    ("empty", b"", FORM),
    ("no-boundary", form(("data", "", b"[1]")), "multipart/form-data"),
    ("other-boundary", form(("data", "", b"[1]")), "multipart/form-data; boundary=c"),
    ("boundary-long", form(("data", "", b"[1]")), f"multipart/form-data; boundary={'b' * 100}"),
    ("boundary-not-ascii", form(("data", "", b"[1]")), "multipart/form-data; boundary=é"),
    ("cut-off", form(("data", "", _M))[:-8], FORM),
    ("cut-off-in-headers", form(("data", "", _M))[:40], FORM),
    ("first-boundary-missing", form(("data", "", b"[1]"))[5:], FORM),
    ("no-parts", b"--b--\r\n", FORM),
    ("no-disposition", b"--b\r\n\r\n[1]\r\n--b--\r\n", FORM),
    ("no-name", b"--b\r\nContent-Disposition: form-data\r\n\r\n[1]\r\n--b--\r\n", FORM),
    ("name-marker", form((MARKER, "", b"[1]")), FORM),
    ("many-parts", form(*[("data", "", b"1")] * 60), FORM),
    ("after-the-end", form(("data", "", b"[1]")) + _M, FORM),
    ("headers-long", b"--b\r\nX: " + b"a" * 9000 + b"\r\n\r\n1\r\n--b--\r\n", FORM),
    ("header-twice", b"--b\r\nX: 1\r\nX: 2\r\n\r\n1\r\n--b--\r\n", FORM),
    ("line-feeds-alone", form(("data", "", b"[1]")).replace(b"\r\n", b"\n"), FORM),
    ("not-json", form(("data", "", _M)), FORM),
]
_ACCEPTS = [
    ("nothing", "*/*;q=0"),
    ("unknown", f"application/{MARKER}"),
    ("image", "image/*"),
    ("all-denied", "application/json;q=0, text/csv;q=0.0, application/x-npy;q=0.000"),
    ("pickle", "application/python-pickle"),
    ("semicolons", ";;;;"),
    ("slash", "/"),
    ("many", ", ".join(f"text/x{number}" for number in range(3000))),
    ("json-lines-misspelled", "application/json-line"),
]
_AZURE: list[tuple[str, Any]] = [
    ("no-member", {}),
    ("array", [ROW]),
    ("unknown-member", {"data": [ROW], MARKER: 1}),
    ("inputs-array", {"Inputs": [ROW]}),
    ("inputs-unknown", {"Inputs": {"data": [ROW], MARKER: 1}}),
    ("data-null", {"data": None}),
    ("data-string", {"data": MARKER}),
    ("input-data-number", {"input_data": 5}),
    ("input-data-tensors-unknown", {"input_data": {MARKER: [ROW]}}),
    ("params-array", {"input_data": [ROW], "params": [MARKER]}),
]
_VERTEX: list[tuple[str, Any]] = [
    ("array", [ROW]),
    ("instances-null", {"instances": None}),
    ("instances-empty", {"instances": []}),
    ("unknown-member", {"instances": [ROW], MARKER: 1}),
    ("parameters-string", {"instances": [ROW], "parameters": MARKER}),
    ("base64-for-number", {"instances": [{"X": {"b64": "AAAA"}}]}),
]
_MIXED = {"age": 1, "visits": 2}

CASES: list[Case] = [
    *(invoked(f"json-{name}", body, 400) for name, body in _MLFLOW),
    # Tokens are numbers here, and an array of rows is one of the forms.
    *(
        invoked(f"bytes-{name}", body, 400 if status == 422 else status)
        for name, body, status in RAW_BODIES
        if name not in ("nan", "infinity", "minus-infinity", "array")
    ),
    *(invoked(f"csv-{name}", body, 400, content_type=CSV + more) for name, body, more in _TABLES),
    *(post(f"native-csv-{name}", body, 400 if name in _NO_CSV else 422, content_type=CSV + more)
      for name, body, more in _TABLES),
    *(invoked(f"lines-{name}", body, status, content_type=LINES) for name, body, status in _LINES),
    *(invoked(f"npy-{name}", body, 400, content_type=NPY) for name, body in _ARRAYS),
    *(served(f"form-{name}", body, 400, content_type=media) for name, body, media in _FORMS),
    *(invoked(f"accept-{name}", [ROW], 406, accept=value) for name, value in _ACCEPTS),
    *(azure(name, body, 400) for name, body in _AZURE),
    *(vertex(name, body, 400) for name, body in _VERTEX),
    *(
        vertex(f"b64-{name}", {"instances": [{**_MIXED, "city": {"b64": value}}]}, 400, "mixed")
        for name, value in (("not", "!" + MARKER), ("number", 5), ("null", None), ("not-text", "//79"))
    ),
    invoked("csv-bomb", gzip.compress(b"1,2,3,4\n" * 1_000_000), 413, content_type=CSV, content_encoding="gzip"),
    invoked("lines-bomb", gzip.compress(b"[1]\n" * 1_000_000), 413, content_type=LINES, content_encoding="gzip"),
    invoked("npy-bomb", gzip.compress(b"\0" * 3_000_000), 413, content_type=NPY, content_encoding="gzip"),
    served("bomb", gzip.compress(b" " * 3_000_000), 413, content_encoding="gzip"),
    served("form-parts-1000", form(*[("data", "", b"1")] * 1000), 413, content_type=FORM),
    served("form-within", form(("data", FORM, form(("data", "", b"[1]"), boundary="c"))), 415, content_type=FORM),
    served("type-unknown", b"1", 415, content_type=f"application/{MARKER}"),
    served("type-pickle", _PICKLE, 415, content_type="application/python-pickle"),
    served("bytes-pickle", _PICKLE, 400, content_type="application/octet-stream"),
    served("null", None, 400),
    served("string-for-row", MARKER, 400),
    served("row-empty", {}, 400),
    served("instances-and-more", {"instances": [ROW], MARKER: 1}, 400),
    invoked("type-unknown", b"1", 415, content_type=f"application/{MARKER}"),
    invoked("type-npz", b"PK\x03\x04", 415, content_type="application/x-npz"),
    invoked("csv-charset", LINE, 415, content_type=f"{CSV}; charset={MARKER}"),
    invoked("lines-charset", b"[1]", 415, content_type=f"{LINES}; charset=utf-16"),
    invoked("attributes-marker", [ROW], 400, x_amzn_sagemaker_custom_attributes=f"outputs={MARKER}"),
    invoked("attributes-many", [ROW], 400, x_amzn_sagemaker_custom_attributes="outputs=" + "label," * 2000),
    get("invocations-delete", "/invocations", 405, "DELETE"),
    get("predictions-marker", f"/predictions/{MARKER}", 405),
    get("models-marker", f"/models/{MARKER}", 404),
    get("models-version-marker", f"/models/iris/{MARKER}", 404),
    get("models-climbing", "/models/../models", 404),
    get("version-below", f"/version/{MARKER}", 404),
    get("score-below", f"/score/{MARKER}", 404),
    get("vertex-ai-marker", f"/vertex-ai/{MARKER}", 404),
    post("torchserve-path-marker", [ROW], 404, path=f"/predictions/{MARKER}"),
    post("torchserve-path-version-marker", [ROW], 404, path=f"/predictions/iris/{MARKER}"),
    post("native-lone-json", json.dumps([ROW]).encode(), 422),
]  # fmt: skip
