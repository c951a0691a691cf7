"""Requests that are wrong, malicious or both, each with the status that must answer it.

MARKER stands for private content: no answer may hold it. A case is a line; add yours.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

from tests.bundles import COLUMNS, ROW
from tests.conformance.table import Case, get, post, tf

MARKER = "XYZZY-secret-73"
_M = MARKER.encode()
_ROWS = json.dumps({"rows": [ROW]}).encode()
_NAMED = dict(zip(COLUMNS, ROW, strict=True))
_MB = 1024 * 1024


def _nested(depth: int, inner: Any = 1) -> Any:
    for _ in range(depth):
        inner = [inner]
    return inner


_BYTES: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("blank", b"   \n\t ", 400),
    ("nul", b"\x00", 400),
    ("nuls", b"\x00" * 1000, 400),
    ("bom", b"\xef\xbb\xbf" + _ROWS, 400),
    ("utf-16", _ROWS.decode().encode("utf-16"), 400),
    ("utf-32", _ROWS.decode().encode("utf-32-le"), 400),
    ("latin-1", '{"rows":[["é"]]}'.encode("latin-1"), 400),
    ("truncated-utf-8", b'{"rows":[["\xc3', 400),
    ("overlong-utf-8", b'{"rows":[["\xc0\xaf"]]}', 400),
    ("encoded-surrogate", b'{"rows":[["\xed\xa0\x80"]]}', 400),
    ("word", _M, 400),
    ("string", b'"' + _M + b'"', 422),
    ("number", b"5", 422),
    ("null", b"null", 422),
    ("true", b"true", 422),
    ("array", b"[[5.1,3.5,1.4,0.2]]", 422),
    ("cut-off", b'{"rows":[[5.1,3.5,"' + _M, 400),
    ("trailing-garbage", _ROWS + _M, 400),
    ("two-documents", _ROWS + _ROWS, 400),
    ("trailing-comma", b'{"rows":[[1,2,3,4],]}', 400),
    ("single-quotes", b"{'rows':[[1,2,3,4]]}", 400),
    ("comment", b'{"rows":[[1,2,3,4]]} // ' + _M, 400),
    ("bare-key", b"{rows:[[1,2,3,4]]}", 400),
    ("nan", b'{"rows":[[NaN,2,3,4]]}', 400),
    ("infinity", b'{"rows":[[Infinity,2,3,4]]}', 400),
    ("minus-infinity", b'{"rows":[[-Infinity,2,3,4]]}', 400),
    ("1e999", b'{"rows":[[1e999,2,3,4]]}', 400),
    ("minus-1e999", b'{"rows":[[-1E+999,2,3,4]]}', 400),
    ("long-decimal", b'{"rows":[[' + b"9" * 400 + b".5,2,3,4]]}", 400),
    ("huge-integer", b'{"rows":[[' + b"9" * 4000 + b",2,3,4]]}", 422),
    ("huger-integer", b'{"rows":[[' + b"9" * 100_000 + b",2,3,4]]}", 400),
    ("hexadecimal", b'{"rows":[[0x10,2,3,4]]}', 400),
    ("leading-zero", b'{"rows":[[01,2,3,4]]}', 400),
    ("plus", b'{"rows":[[+1,2,3,4]]}', 400),
    ("bare-point", b'{"rows":[[.5,2,3,4]]}', 400),
    ("lone-surrogate", b'{"rows":[["\\ud800",2,3,4]]}', 400),
    ("lone-surrogate-key", b'{"\\udfff":[]}', 400),
    ("swapped-surrogates", b'{"rows":[["\\udc00\\ud800"]]}', 400),
    ("bad-escape", b'{"rows":[["\\x' + _M + b'"]]}', 400),
    ("short-escape", b'{"rows":[["\\u12"]]}', 400),
    ("raw-newline-in-string", b'{"rows":[["' + _M + b'\n"]]}', 400),
    ("duplicate-rows", b'{"rows":[[1,2,3,4]],"rows":[["' + _M + b'"]]}', 400),
    ("duplicate-key-within", b'{"rows":[{"' + _M + b'":1,"' + _M + b'":2}]}', 400),
    ("deep-arrays", b"[" * 100_000, 413),
    ("deep-closed", b"[" * 500 + b"]" * 500, 413),
    ("deep-objects", b'{"a":' * 70_000, 413),
    ("deep-in-rows", json.dumps({"rows": _nested(70)}).encode(), 413),
    ("deep-with-strings", b'["]",' * 20_000, 413),
    ("deep-with-escapes", b'["\\"]",' * 20_000, 413),
    ("closers", b"]" * 500_000, 400),
    ("mismatched", b"[}" * 100_000, 400),
    ("at-depth-64", json.dumps({"rows": _nested(63)}).encode(), 422),
    ("too-many-bytes", b" " * (_MB + 1), 413),
    ("one-string-too-long", b'"' + b"a" * _MB + b'"', 413),
]

_NATIVE: list[tuple[str, Any, int]] = [
    ("no-member", {}, 422),
    ("unknown-member", {MARKER: [ROW]}, 422),
    ("extra-member", {"rows": [ROW], MARKER: 1}, 422),
    ("rows-and-columns", {"rows": [ROW], "columns": {}}, 422),
    ("rows-null", {"rows": None}, 422),
    ("rows-string", {"rows": MARKER}, 422),
    ("rows-number", {"rows": 5}, 422),
    ("rows-object", {"rows": {"0": ROW}}, 422),
    ("rows-empty", {"rows": []}, 422),
    ("rows-of-nothing", {"rows": [[]]}, 422),
    ("rows-of-null", {"rows": [None]}, 422),
    ("rows-of-strings", {"rows": [MARKER]}, 422),
    ("rows-of-numbers", {"rows": ROW}, 422),
    ("row-too-short", {"rows": [ROW[:3]]}, 422),
    ("row-too-long", {"rows": [[*ROW, 1]]}, 422),
    ("rows-ragged", {"rows": [ROW, ROW[:2]]}, 422),
    ("row-too-deep", {"rows": [[ROW, ROW, ROW, ROW]]}, 422),
    ("cell-string", {"rows": [[1, 2, 3, MARKER]]}, 422),
    ("cell-number-in-string", {"rows": [[1, 2, 3, "4"]]}, 422),
    ("cell-boolean", {"rows": [[1, 2, 3, True]]}, 422),
    ("cell-null", {"rows": [[1, 2, 3, None]]}, 422),
    ("cell-object", {"rows": [[1, 2, 3, {MARKER: 1}]]}, 422),
    ("cell-array", {"rows": [[1, 2, 3, [4]]]}, 422),
    ("cell-spelled-wrong", {"rows": [[1, 2, 3, "nan"]]}, 422),
    ("cell-beyond-float32", {"rows": [[1, 2, 3, 1e300]]}, 422),
    ("cell-integer-beyond-double", {"rows": [[1, 2, 3, 10**400]]}, 422),
    ("row-missing-name", {"rows": [dict.fromkeys(COLUMNS[:3], 1)]}, 422),
    ("row-unknown-name", {"rows": [{**_NAMED, MARKER: 1}]}, 422),
    ("row-wrong-case", {"rows": [{name.upper(): 1 for name in COLUMNS}]}, 422),
    ("row-many-unknown-names", {"rows": [{f"{MARKER}{i}": i for i in range(5000)}]}, 422),
    ("row-object-of-objects", {"rows": [{**_NAMED, "sepal width": {"a": 1}}]}, 422),
    ("row-under-input-name-nested", {"rows": [{"X": {MARKER: 1}}]}, 422),
    ("second-row-wrong", {"rows": [ROW, [1, 2, 3, MARKER]]}, 422),
    ("columns-array", {"columns": [ROW]}, 422),
    ("columns-null", {"columns": None}, 422),
    ("columns-empty", {"columns": {}}, 422),
    ("columns-no-row", {"columns": {name: [] for name in COLUMNS}}, 422),
    ("columns-unequal", {"columns": {name: [1] * i for i, name in enumerate(COLUMNS, 1)}}, 422),
    ("columns-scalar", {"columns": dict.fromkeys(COLUMNS, 1)}, 422),
    ("columns-missing", {"columns": {COLUMNS[0]: [1]}}, 422),
    ("columns-unknown", {"columns": {MARKER: [1]}}, 422),
    ("columns-string-cell", {"columns": {name: [MARKER] for name in COLUMNS}}, 422),
    ("inputs-array", {"inputs": [ROW]}, 422),
    ("inputs-null", {"inputs": None}, 422),
    ("inputs-empty", {"inputs": {}}, 422),
    ("inputs-unknown", {"inputs": {"X": [ROW], MARKER: [1]}}, 422),
    ("inputs-scalar", {"inputs": {"X": 1}}, 422),
    ("inputs-flat", {"inputs": {"X": ROW}}, 422),
    ("inputs-too-deep", {"inputs": {"X": [[ROW]]}}, 422),
    ("inputs-ragged", {"inputs": {"X": [ROW, ROW[:2]]}}, 422),
    ("inputs-half-scalar", {"inputs": {"X": [ROW, 1]}}, 422),
    ("inputs-string", {"inputs": {"X": [[MARKER, 1, 2, 3]]}}, 422),
    ("inputs-object", {"inputs": {"X": {MARKER: 1}}}, 422),
    ("inputs-sixty-deep", {"inputs": {"X": _nested(60)}}, 422),
]

_OTHERS: list[tuple[str, str, Any, int]] = [
    ("missing-input", "mixed", {"rows": [{"age": 1, "visits": 2}]}, 422),
    ("string-for-number", "mixed", {"rows": [{"age": MARKER, "visits": 2, "city": "x"}]}, 422),
    ("number-for-string", "mixed", {"rows": [{"age": 1, "visits": 2, "city": 3}]}, 422),
    ("fraction-for-integer", "mixed", {"rows": [{"age": 1, "visits": 2.5, "city": "x"}]}, 422),
    ("integer-beyond-int64", "mixed", {"rows": [{"age": 1, "visits": 2**63, "city": "x"}]}, 422),
    ("float-beyond-int64", "mixed", {"rows": [{"age": 1, "visits": 1e300, "city": "x"}]}, 422),
    ("boolean-for-integer", "mixed", {"rows": [{"age": 1, "visits": True, "city": "x"}]}, 422),
    ("null-string", "mixed", {"rows": [{"age": 1, "visits": 2, "city": None}]}, 422),
    ("nul-in-string", "mixed", {"rows": [{"age": 1, "visits": 2, "city": f"{MARKER}\0"}]}, 422),
    ("array-for-string", "mixed", {"rows": [{"age": 1, "visits": 2, "city": [[MARKER]]}]}, 422),
    ("short-list", "mixed", {"rows": [[1, 2]]}, 422),
    ("unequal-inputs", "mixed", {"inputs": {"age": [[1]], "visits": [[1], [2]], "city": [["x"]]}}, 422),
    ("unequal-columns", "mixed", {"columns": {"age": [1], "visits": [1, 2], "city": ["x"]}}, 422),
    ("no-rows-inputs", "mixed", {"inputs": {"age": [], "visits": [[2]], "city": [["x"]]}}, 422),
    ("image-too-narrow", "image", {"rows": [[[1] * 7] * 8]}, 422),
    ("image-too-short", "image", {"rows": [[[1] * 8] * 7]}, 422),
    ("image-flat", "image", {"rows": [[1] * 64]}, 422),
    ("image-ragged", "image", {"rows": [[[1] * 8] * 7 + [[1] * 9]]}, 422),
    ("image-hole", "image", {"rows": [[[1] * 8] * 7 + [None]]}, 422),
    ("image-string-pixel", "image", {"rows": [[[1] * 8] * 7 + [[MARKER] * 8]]}, 422),
    ("image-second-smaller", "image", {"rows": [[[1] * 8] * 8, [[1] * 4] * 4]}, 422),
    ("fixed-rows", "fixed", {"rows": [[1]]}, 422),
    ("fixed-columns", "fixed", {"columns": {"a": [1]}}, 422),
    ("fixed-wrong-shape", "fixed", {"inputs": {"a": [[1, 2, 3]], "b": [1, 2, 3]}}, 422),
    ("fixed-missing", "fixed", {"inputs": {"a": [[1, 2, 3]] * 2}}, 422),
    ("lookup-out-of-range", "lookup", {"rows": [10]}, 422),
    ("lookup-negative", "lookup", {"rows": [-11]}, 422),
    ("lookup-fraction", "lookup", {"rows": [1.5]}, 422),
    ("lookup-nested", "lookup", {"rows": [[[1]]]}, 422),
    ("division-one-missing", "division", {"rows": [[1]]}, 422),
    ("regression-infinite-int", "regression", {"rows": [[10**400, 1, 1]]}, 422),
]

_TF: list[tuple[str, Any, int]] = [
    ("no-member", {}, 400),
    ("array", [ROW], 400),
    ("string", MARKER, 400),
    ("both", {"instances": [ROW], "inputs": [ROW]}, 400),
    ("signature-unknown", {"signature_name": MARKER, "instances": [ROW]}, 400),
    ("signature-number", {"signature_name": 5, "instances": [ROW]}, 400),
    ("instances-null", {"instances": None}, 400),
    ("instances-empty", {"instances": []}, 400),
    ("instances-scalar", {"instances": 1}, 400),
    ("instances-string", {"instances": [[MARKER, 1, 2, 3]]}, 400),
    ("instances-ragged", {"instances": [ROW, [1]]}, 400),
    ("instances-unknown-name", {"instances": [{MARKER: ROW}]}, 400),
    ("inputs-null", {"inputs": None}, 400),
    ("inputs-flat", {"inputs": ROW}, 400),
    ("inputs-unknown", {"inputs": {MARKER: ROW}}, 400),
    ("inputs-deep", {"inputs": _nested(60)}, 400),
    ("too-deep", {"inputs": _nested(80)}, 413),
]

_BASE64: list[tuple[str, Any]] = [
    ("not-base64", "!!!" + MARKER),
    ("not-text", "//79"),
    ("number", 5),
    ("null", None),
    ("object", {MARKER: 1}),
    ("cut-off", "S8O2bG4"),
]

_BOMB = gzip.compress(b'{"rows":[' + b"[1,2,3,4]," * 2_000_000 + b"[1,2,3,4]]}")

CASES: list[Case] = [
    *(post(f"bytes-{name}", body, status) for name, body, status in _BYTES),
    *(post(f"native-{name}", body, status) for name, body, status in _NATIVE),
    *(post(f"{bundle}-{name}", body, status, bundle) for name, bundle, body, status in _OTHERS),
    *(tf(f"tf-{name}", body, status) for name, body, status in _TF),
    *(tf(f"tf-bytes-{name}", body, 400 if status == 422 else status) for name, body, status in _BYTES),
    *(
        tf(f"tf-b64-{name}", {"instances": [{"age": 1, "visits": 2, "city": {"b64": value}}]}, 400, "mixed")
        for name, value in _BASE64
    ),
    post("gzip-not", _M, 400, content_encoding="gzip"),
    post("gzip-cut-off", gzip.compress(_ROWS)[:-9], 400, content_encoding="gzip"),
    post("gzip-bad-checksum", gzip.compress(_ROWS)[:-8] + b"\0" * 8, 400, content_encoding="gzip"),
    post("gzip-trailing-garbage", gzip.compress(_ROWS) + _M, 400, content_encoding="gzip"),
    post("gzip-bomb", _BOMB, 413, content_encoding="gzip"),
    post("gzip-bomb-in-members", gzip.compress(b" " * 900_000) * 3, 413, content_encoding="gzip"),
    post("gzip-twice", gzip.compress(gzip.compress(_ROWS)), 400, content_encoding="gzip"),
    post("gzip-empty", b"", 400, content_encoding="gzip"),
    post("deflate-not", _M, 400, content_encoding="deflate"),
    post("deflate-bomb", zlib.compress(b"[" * 50_000_000), 413, content_encoding="deflate"),
    post("encoding-unknown", _ROWS, 415, content_encoding=MARKER),
    post("encoding-several", _ROWS, 415, content_encoding="gzip, gzip"),
    post("type-unknown", _ROWS, 415, content_type=f"application/{MARKER}"),
    post("type-text", _ROWS, 415, content_type="text/plain"),
    post("type-pickle", b"\x80\x04.", 415, content_type="application/octet-stream"),
    post("type-multipart", _ROWS, 415, content_type="multipart/form-data; boundary=x"),
    post("charset-unknown", _ROWS, 415, content_type=f"application/json; charset={MARKER}"),
    post("charset-utf-16", _ROWS, 415, content_type='application/json; charset="UTF-16"'),
    post("accept-image", _ROWS, 406, accept="image/png"),
    post("accept-nothing", _ROWS, 406, accept="*/*;q=0"),
    get("method-patch", "/predict", 405, "PATCH"),
    get("method-unheard-of", "/predict", 405, "BREW"),
    get("path-climbing", "/predict/../healthz", 404),
    get("path-doubled-slash", "//predict", 404),
    get("path-trailing-slash", "/predict/", 404),
    get("path-marker", f"/{MARKER}", 404),
    get("path-long", "/predict/" + "a" * 5000, 404),
    get("path-nul", "/healthz\x00", 404),
    get("path-not-ascii", "/prédict", 404),
    get("tf-path-marker", f"/v1/models/{MARKER}", 404),
    get("tf-path-version-marker", f"/v1/models/iris/versions/{MARKER}", 404),
    get("tf-path-no-name", "/v1/models/", 404),
    get("tf-path-no-verb", "/v1/models/iris:", 404),
    get("tf-path-verb", f"/v1/models/iris:{MARKER}", 404),
    get("tf-path-many-colons", "/v1/models/iris:predict:predict", 404),
]
