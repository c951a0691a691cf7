"""Bodies that are no JSON, or that two parsers would read differently, each with its native status."""

from __future__ import annotations

import json
from typing import Any

from tests.bundles import ROW

MARKER = "XYZZY-secret-73"
ROWS = json.dumps({"rows": [ROW]}).encode()
_M = MARKER.encode()
_MB = 1024 * 1024


def nested(depth: int, inner: Any = 1) -> Any:
    for _ in range(depth):
        inner = [inner]
    return inner


RAW_BODIES: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("blank", b"   \n\t ", 400),
    ("nul", b"\x00", 400),
    ("nuls", b"\x00" * 1000, 400),
    ("bom", b"\xef\xbb\xbf" + ROWS, 400),
    ("utf-16", ROWS.decode().encode("utf-16"), 400),
    ("utf-32", ROWS.decode().encode("utf-32-le"), 400),
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
    ("trailing-garbage", ROWS + _M, 400),
    ("two-documents", ROWS + ROWS, 400),
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
    ("duplicate-key-then-surplus", b'[{"a":1,"a":2}]}' + _M, 400),
    ("duplicate-key-then-no-comma", b'{"rows":[{"a":1,"a":2}' + _M + b"]}", 400),
    ("deep-arrays", b"[" * 100_000, 413),
    ("deep-closed", b"[" * 500 + b"]" * 500, 413),
    ("deep-objects", b'{"a":' * 70_000, 413),
    ("deep-in-rows", json.dumps({"rows": nested(70)}).encode(), 413),
    ("deep-with-strings", b'["]",' * 20_000, 413),
    ("deep-with-escapes", b'["\\"]",' * 20_000, 413),
    ("closers", b"]" * 500_000, 400),
    ("mismatched", b"[}" * 100_000, 400),
    ("at-depth-64", json.dumps({"rows": nested(63)}).encode(), 422),
    ("too-many-bytes", b" " * (_MB + 1), 413),
    ("one-string-too-long", b'"' + b"a" * _MB + b'"', 413),
]
