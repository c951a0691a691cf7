"""Requests that are wrong, malicious or both, each with the status that must answer it.

MARKER stands for private content: no answer may hold it. A case is a line; add yours.
"""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from tests.bundles import COLUMNS, ROW
from tests.conformance.case import Case, get, post, tf
from tests.hostile import (
    cases_encoded,
    cases_images,
    cases_open_inference,
    cases_scoring,
    cases_tf_examples,
)
from tests.hostile.raw_bodies import MARKER, RAW_BODIES, ROWS, nested

_M = MARKER.encode()
_NAMED = dict(zip(COLUMNS, ROW, strict=True))


_OBJECTS = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
_NPY_OF_OBJECTS = b"\x93NUMPY\x01\x00" + len(_OBJECTS).to_bytes(2, "little") + _OBJECTS + b"\x80\x04."
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
    ("inputs-sixty-deep", {"inputs": {"X": nested(60)}}, 422),
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
    ("inputs-deep", {"inputs": nested(60)}, 400),
    ("too-deep", {"inputs": nested(80)}, 413),
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
    *(post(f"bytes-{name}", body, status) for name, body, status in RAW_BODIES),
    *(post(f"native-{name}", body, status) for name, body, status in _NATIVE),
    *(post(f"{bundle}-{name}", body, status, bundle) for name, bundle, body, status in _OTHERS),
    *(tf(f"tf-{name}", body, status) for name, body, status in _TF),
    *(tf(f"tf-bytes-{name}", body, 400 if status == 422 else status) for name, body, status in RAW_BODIES),
    *(
        tf(f"tf-b64-{name}", {"instances": [{"age": 1, "visits": 2, "city": {"b64": value}}]}, 400, "mixed")
        for name, value in _BASE64
    ),
    post("gzip-not", _M, 400, content_encoding="gzip"),
    post("gzip-cut-off", gzip.compress(ROWS)[:-9], 400, content_encoding="gzip"),
    post("gzip-bad-checksum", gzip.compress(ROWS)[:-8] + b"\0" * 8, 400, content_encoding="gzip"),
    post("gzip-trailing-garbage", gzip.compress(ROWS) + _M, 400, content_encoding="gzip"),
    post("gzip-bomb", _BOMB, 413, content_encoding="gzip"),
    post("gzip-bomb-in-members", gzip.compress(b" " * 900_000) * 3, 413, content_encoding="gzip"),
    post("gzip-twice", gzip.compress(gzip.compress(ROWS)), 400, content_encoding="gzip"),
    post("gzip-empty", b"", 400, content_encoding="gzip"),
    post("deflate-not", _M, 400, content_encoding="deflate"),
    post("deflate-bomb", zlib.compress(b"[" * 50_000_000), 413, content_encoding="deflate"),
    post("encoding-unknown", ROWS, 415, content_encoding=MARKER),
    post("encoding-several", ROWS, 415, content_encoding="gzip, gzip"),
    post("type-unknown", ROWS, 415, content_type=f"application/{MARKER}"),
    post("type-text", ROWS, 415, content_type="text/plain"),
    post("type-pickle", b"\x80\x04.", 415, content_type="application/x-pickle"),
    post("bytes-pickle", b"\x80\x04.", 422, content_type="application/octet-stream"),
    post("npy-pickle", _NPY_OF_OBJECTS, 422, content_type="application/x-npy"),
    post("type-multipart", ROWS, 415, content_type="multipart/form-data; boundary=x"),
    post("charset-unknown", ROWS, 415, content_type=f"application/json; charset={MARKER}"),
    post("charset-utf-16", ROWS, 415, content_type='application/json; charset="UTF-16"'),
    post("accept-image", ROWS, 406, accept="image/png"),
    post("accept-nothing", ROWS, 406, accept="*/*;q=0"),
    get("method-patch", "/predict", 405, "PATCH"),
    get("method-unheard-of", "/predict", 405, "BREW"),
    get("path-climbing", "/nothing/../healthz", 404),
    get("path-doubled-slash", "//predict", 404),
    get("path-trailing-slash", "/predict/", 404),
    get("path-marker", f"/{MARKER}", 404),
    get("path-long", "/nothing/" + "a" * 5000, 404),
    get("path-nul", "/healthz\x00", 404),
    get("path-not-ascii", "/prédict", 404),
    get("tf-path-marker", f"/v1/models/{MARKER}", 404),
    get("tf-path-version-marker", f"/v1/models/iris/versions/{MARKER}", 404),
    get("tf-path-no-name", "/v1/models/", 404),
    get("tf-path-no-verb", "/v1/models/iris:", 404),
    get("tf-path-verb", f"/v1/models/iris:{MARKER}", 404),
    get("tf-path-many-colons", "/v1/models/iris:predict:predict", 404),
    *cases_encoded.CASES,
    *cases_open_inference.CASES,
    *cases_tf_examples.CASES,
    *cases_scoring.CASES,
    *cases_images.CASES,
]
