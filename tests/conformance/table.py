"""The requests that every carrier must answer alike. Adding a case is a line here, or in a protocol's own file.

A case is (id, bundle, method, path, headers, body, status); `post` sends text as UTF-8 and anything but
bytes as JSON, as application/json unless told otherwise.
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from base64 import b64encode

from tests.bundles import COLUMNS, ROW
from tests.conformance import cases_media, cases_open_inference, cases_scoring
from tests.conformance.case import Case, get, post, tf

NAMED = dict(zip(COLUMNS, ROW, strict=True))
_ROWS = json.dumps({"rows": [ROW]}).encode()
_PIXELS = [[float(i + j) for i in range(8)] for j in range(8)]
_RAW_TYPE = "application/octet-stream"
_RAW = struct.pack("<64f", *(value for line in _PIXELS for value in line))
_BASE64 = b64encode(_RAW).decode()
_NPY_HEADER = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 8, 8), }".ljust(117) + b"\n"
_NPY = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(_NPY_HEADER)) + _NPY_HEADER + _RAW
_FIXED = {"a": [[1, 2, 3], [4, 5, 6]], "b": [1, 0, -1]}

CASES = [
    post("rows-lists", {"rows": [ROW, ROW]}),
    post("rows-objects", {"rows": [NAMED]}),
    post("rows-mixed-forms", {"rows": [NAMED, ROW]}),
    post("rows-integers", {"rows": [[5, 3, 1, 0]]}),
    post("rows-spelled-infinity", {"rows": [["Infinity", 3, 1, 0]]}),
    post("columns", {"columns": {name: [value, value] for name, value in NAMED.items()}}),
    post("inputs", {"inputs": {"X": [ROW]}}),
    post("hundred-rows", {"rows": [ROW] * 100}),
    post("mixed-objects", {"rows": [{"age": 1.5, "visits": 2, "city": "Köln"}]}, bundle="mixed"),
    post("mixed-lists", {"rows": [[1.5, 2, "Łódź"], [2, 3, ""]]}, bundle="mixed"),
    post("mixed-whole-float", {"rows": [[1.5, 2.0, "x"]]}, bundle="mixed"),
    post("mixed-columns", {"columns": {"age": [1], "visits": [2], "city": ["x"]}}, bundle="mixed"),
    post("mixed-emoji", {"rows": [[1, 2, "🌍"]]}, bundle="mixed"),
    post("mixed-escaped-emoji", b'{"rows":[[1,2,"\\ud83c\\udf0d"]]}', bundle="mixed"),
    post("mixed-nul", b'{"rows":[[1,2,"a\\u0000b"]]}', bundle="mixed"),
    post("regression-rows", {"rows": [[1, 2, 3]]}, bundle="regression"),
    post("regression-null", {"rows": [[1, None, 3]]}, bundle="regression"),
    post("regression-large", {"rows": [[1e308, 1e308, -1e308]]}, bundle="regression"),
    post("image-rows", {"rows": [_PIXELS]}, bundle="image"),
    post("image-inputs", {"inputs": {"pixels": [_PIXELS] * 3}}, bundle="image"),
    post("image-raw", _RAW, bundle="image", content_type="application/octet-stream"),
    post(
        "image-raw-gzip", gzip.compress(_RAW), bundle="image", content_type=_RAW_TYPE, content_encoding="gzip"
    ),
    post("image-raw-cut-off", _RAW[:-1], 422, bundle="image", content_type=_RAW_TYPE),
    post("image-npy", _NPY, bundle="image", content_type="application/x-npy"),
    post("image-npy-cut-off", _NPY[:-1], 400, bundle="image", content_type="application/x-npy"),
    post("image-base64", {"inputs": {"pixels": {"base64": _BASE64}}}, bundle="image"),
    post("image-base64-wrong", {"inputs": {"pixels": {"base64": "?"}}}, 422, bundle="image"),
    post("fixed-raw", _RAW, 415, bundle="fixed", content_type=_RAW_TYPE),
    post("fixed-inputs", {"inputs": _FIXED}, bundle="fixed"),
    post("fixed-rows", {"rows": [[1]]}, 422, bundle="fixed"),
    post("lookup-rows", {"rows": [3, 7]}, bundle="lookup"),
    post("lookup-model-error", {"rows": [3, 99]}, 422, bundle="lookup"),
    post("division-nan", {"rows": [[0, 0], [1, 0], [-1, 0]]}, bundle="division"),
    post("gzip", gzip.compress(_ROWS, mtime=0), content_encoding="gzip"),
    post("gzip-members", gzip.compress(_ROWS[:9]) + gzip.compress(_ROWS[9:]), content_encoding="gzip"),
    post("deflate", zlib.compress(_ROWS), content_encoding="deflate"),
    post("deflate-raw", zlib.compress(_ROWS, wbits=-15), content_encoding="deflate"),
    post("identity", _ROWS, content_encoding="identity"),
    post("brotli", _ROWS, 415, content_encoding="br"),
    post("charset-utf8", _ROWS, content_type="application/json; charset=UTF-8"),
    post("charset-latin1", _ROWS, 415, content_type="application/json; charset=latin-1"),
    post("suffix-json", _ROWS, content_type="application/vnd.scoring+json"),
    post("csv", b"1,2,3,4", content_type="text/csv"),
    post("form", _ROWS, 415, content_type="application/x-www-form-urlencoded"),
    Case("no-content-type", "iris", "POST", "/predict", {}, _ROWS, 200),
    post("accept-json", _ROWS, accept="application/json"),
    post("accept-any", _ROWS, accept="text/html, */*;q=0.1"),
    post("accept-html", _ROWS, 406, accept="text/html"),
    post("accept-json-refused", _ROWS, 406, accept="application/json;q=0, text/html"),
    post("empty", b"", 400),
    post("not-json", b"hello", 400),
    post("cut-off", b'{"rows":[[5.1,', 400),
    post("no-member", {}, 422),
    post("two-members", {"rows": [ROW], "inputs": {}}, 422),
    post("wrong-width", {"rows": [[1, 2, 3]]}, 422),
    post("wrong-type", {"rows": [[1, 2, 3, "x"]]}, 422),
    get("predict-get", "/predict", 405),
    get("predict-put", "/predict", 405, "PUT"),
    get("predict-delete", "/predict", 405, "DELETE"),
    get("predict-options", "/predict", 204, "OPTIONS"),
    get("predict-below", "/predict/more/1/2", 404),
    get("healthz", "/healthz"),
    get("healthz-head", "/healthz", method="HEAD"),
    get("healthz-post", "/healthz", 405, "POST"),
    get("healthz-options", "/healthz", 204, "OPTIONS"),
    get("ping", "/ping"),
    get("unknown", "/nope", 404),
    get("unknown-head", "/nope", 404, "HEAD"),
    get("unknown-deep", "/a/b/c/d", 404),
    tf("tf-instances", {"instances": [ROW]}),
    tf("tf-named-instances", {"instances": [{"X": ROW}]}),
    tf("tf-inputs", {"inputs": [ROW]}),
    tf("tf-named-inputs", {"inputs": {"X": [ROW]}}),
    tf("tf-signature-name", {"signature_name": "serving_default", "instances": [ROW]}),
    tf("tf-other-signature", {"signature_name": "other", "instances": [ROW]}, 400),
    tf("tf-both", {"instances": [ROW], "inputs": [ROW]}, 400),
    tf("tf-wrong-width", {"instances": [[1]]}, 400),
    tf("tf-curl", {"instances": [ROW]}, content_type="application/x-www-form-urlencoded"),
    tf("tf-csv", b"1,2", 415, content_type="text/csv"),
    tf("tf-not-json", b"[", 400),
    tf("tf-scalars", {"instances": [3, 7]}, bundle="lookup"),
    tf("tf-model-error", {"instances": [99]}, 400, bundle="lookup"),
    tf("tf-regression", {"instances": [[1, 2, 3]]}, bundle="regression"),
    tf("tf-base64", {"instances": [{"age": 1, "visits": 2, "city": {"b64": "S8O2bG4="}}]}, bundle="mixed"),
    tf("tf-several", {"inputs": {"age": [[1]], "visits": [[2]], "city": [["x"]]}}, bundle="mixed"),
    tf("tf-nan-token", b'{"instances":[[NaN,1,2,-Infinity]]}'),
    tf("tf-nan-answer", {"instances": [{"a": 0, "b": 0}]}, bundle="division"),
    tf("tf-fixed", {"inputs": _FIXED}, bundle="fixed"),
    post("tf-version", {"instances": [ROW]}, path="/v1/models/iris/versions/1:predict"),
    post("tf-other-version", {"instances": [ROW]}, 404, path="/v1/models/iris/versions/2:predict"),
    post("tf-other-model", {"instances": [ROW]}, 404, path="/v1/models/other:predict"),
    post("tf-label", {"instances": [ROW]}, 404, path="/v1/models/iris/labels/stable:predict"),
    post("tf-classify", {"examples": [NAMED]}, path="/v1/models/iris:classify"),
    post("tf-classify-no-features", {"examples": [{}]}, 400, path="/v1/models/iris:classify"),
    post("tf-regress-a-classifier", {"examples": [NAMED]}, 400, path="/v1/models/iris/versions/1:regress"),
    post("tf-regress", {"examples": [{"index": 3}]}, bundle="lookup", path="/v1/models/lookup:regress"),
    get("tf-status", "/v1/models/iris"),
    get("tf-status-version", "/v1/models/iris/versions/1"),
    get("tf-status-other-version", "/v1/models/iris/versions/9", 404),
    get("tf-metadata", "/v1/models/iris/metadata"),
    get("tf-metadata-head", "/v1/models/iris/metadata", method="HEAD"),
    get("tf-predict-get", "/v1/models/iris:predict", 405),
    get("tf-root", "/v1", 404),
    *cases_open_inference.CASES,
    *cases_scoring.CASES,
    *cases_media.CASES,
]
