"""Bodies that are not JSON, or not plainly: arrays that lie, bombs, codings, and claims of 10^9 rows."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib
from base64 import b64encode
from io import BytesIO
from typing import Any

from tests.bundles import ROW
from tests.conformance.case import Case, post
from tests.hostile.raw_bodies import MARKER, ROWS

_M = MARKER.encode()
_NPY = "application/x-npy"
_RAW = "application/octet-stream"
_MILLIARD = 10**9
_FOUR = struct.pack("<4f", *ROW)


def npy(described: str, data: bytes = _FOUR, magic: bytes = b"\x93NUMPY\x01\x00") -> bytes:
    """A file with this text for a header."""
    header = described.encode("latin-1").ljust(117) + b"\n"
    return magic + struct.pack("<H", len(header)) + header + data


def array(descr: str = "<f4", shape: str = "(1, 4)", order: str = "False", data: bytes = _FOUR) -> bytes:
    """A file whose header has the form that numpy writes."""
    return npy(f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}", data)


def zipped(size: int) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arr_0.npy", bytes(size))
    return content.getvalue()


_NPY_BODIES: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("magic-only", b"\x93NUMPY", 400),
    ("no-magic", _FOUR, 400),
    ("version-0", npy("{}", magic=b"\x93NUMPY\x00\x00"), 400),
    ("version-9", npy("{}", magic=b"\x93NUMPY\x09\x00"), 400),
    ("header-cut-off", array()[:40], 400),
    ("header-longer-than-file", b"\x93NUMPY\x01\x00\xff\xff{'descr': '<f4'", 400),
    ("header-4-gigabytes", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '<f4'", 400),
    ("header-of-code", npy("__import__('os').system('id')"), 400),
    ("header-of-marker", npy(MARKER), 400),
    ("header-deep", npy("{'descr': " + "(" * 100 + ")" * 100 + "}"), 400),
    ("objects", array("|O"), 422),
    ("structured", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"), 400),
    ("strings", array("<U4"), 422),
    ("dates", array("<M8[ns]"), 422),
    ("complex", array("<c8", "(1, 2)"), 422),
    ("big-endian", array(">f4"), 422),
    ("fortran", array(order="True"), 422),
    ("type-marker", array(f"<{MARKER}"), 422),
    ("rows-10-to-the-9", array(shape=f"({_MILLIARD}, 4)"), 400),
    ("rows-10-to-the-18", array(shape=f"({10**18}, 4)"), 400),
    ("rows-overflow", array(shape="(4611686018427387904, 4)"), 400),
    ("rows-minus-one", array(shape="(-1, 4)"), 400),
    ("rows-zero", array(shape="(0, 4)", data=b""), 422),
    ("rows-zero-of-10-to-the-9", array(shape=f"(0, {_MILLIARD})", data=b""), 422),
    ("rank-0", array(shape="()", data=_FOUR[:4]), 422),
    ("rank-33", array(shape=str((1,) * 33), data=_FOUR[:4]), 422),
    ("rank-10000", array(shape=str((1,) * 10_000), data=_FOUR[:4]), 422),
    ("too-long", array(data=_FOUR + b"\0"), 400),
    ("too-short", array(data=_FOUR[:-1]), 400),
    ("trailing-marker", array() + _M, 400),
    ("other-width", array(shape="(1, 3)", data=_FOUR[:12]), 422),
    ("bool-of-2", array("|b1", "(1, 4)", data=b"\0\1\2\3"), 400),
    ("zip-bomb", zipped(50_000_000), 400),
]  # fmt: skip

_BASE64: list[tuple[str, Any, int]] = [
    ("not", MARKER + "!", 422),
    ("urlsafe", "__--" * 4, 422),
    ("whitespace", b64encode(_FOUR).decode()[:8] + "\n" + b64encode(_FOUR).decode()[8:], 422),
    ("padding-only", "====", 422),
    ("cut-off", b64encode(_FOUR).decode()[:-1], 422),
    ("surplus", b64encode(_FOUR).decode() + "AAAA", 422),
    ("nothing", "", 422),
    ("odd-bytes", b64encode(_FOUR + b"\0").decode(), 422),
    ("number", 5, 422),
    ("null", None, 422),
    ("list", [MARKER], 422),
    ("not-ascii", "é" * 24, 422),
]

_SHAPES: list[tuple[str, Any]] = [
    ("10-to-the-9", [_MILLIARD, 4]),
    ("10-to-the-30", [10**30, 4]),
    ("minus", [-1, 4]),
    ("zero", [0, 4]),
    ("float", [1.0, 4]),
    ("boolean", [True, 4]),
    ("text", MARKER),
    ("nested", [[1], 4]),
    ("of-40", [1] * 40),
    ("null-in", [None, 4]),
    ("other", [2, 2]),
    ("object", {MARKER: 1}),
]


def _inputs(value: Any) -> bytes:
    return json.dumps({"inputs": {"X": value}}).encode()


def _gzip(flags: int, extra: bytes = b"") -> bytes:
    """A member with these flags in its header and what they announce, or don't."""
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(6) + extra + zlib.compress(ROWS, wbits=-15)


_CODED: list[tuple[str, str, bytes, int]] = [
    ("gzip-header-only", "gzip", gzip.compress(ROWS)[:10], 400),
    ("gzip-reserved-flags", "gzip", _gzip(0xE0), 400),
    ("gzip-name-without-end", "gzip", _gzip(8, b"x" * 60_000), 400),
    ("gzip-extra-longer-than-body", "gzip", _gzip(4, b"\xff\xff"), 400),
    ("gzip-other-method", "gzip", b"\x1f\x8b\x07" + gzip.compress(ROWS)[3:], 400),
    ("gzip-wrong-length", "gzip", gzip.compress(ROWS)[:-4] + b"\xff\xff\xff\x7f", 400),
    ("gzip-ten-thousand-members", "gzip", gzip.compress(b"") * 10_000, 400),
    ("gzip-second-member-wrong", "gzip", gzip.compress(ROWS[:9]) + gzip.compress(ROWS[9:])[:-9], 400),
    ("gzip-bomb-of-bombs", "gzip", gzip.compress(gzip.compress(bytes(30_000_000))), 400),
    ("gzip-of-marker", "gzip", gzip.compress(_M), 400),
    ("deflate-dictionary", "deflate", b"\x78\xbb" + bytes(20), 400),
    ("deflate-empty", "deflate", b"", 400),
    ("deflate-cut-off", "deflate", zlib.compress(ROWS)[:-5], 400),
    ("deflate-wrong-checksum", "deflate", zlib.compress(ROWS)[:-4] + bytes(4), 400),
    ("deflate-stored-without-end", "deflate", b"\x00\xff\xff\x00\x00" + bytes(100), 400),
    ("deflate-huge-window", "deflate", b"\xf8\x15" + bytes(20), 400),
    ("identity-gzip", "identity, gzip", gzip.compress(ROWS), 415),
    ("brotli", "br", ROWS, 415),
    ("zstd", "zstd", b"\x28\xb5\x2f\xfd" + ROWS, 415),
    ("compress", "compress", b"\x1f\x9d" + ROWS, 415),
    ("long-name", "g" * 5000, ROWS, 415),
]

_PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + _M + b'"\r\n\r\n' + _M
_TYPED: list[tuple[str, str, bytes, int]] = [
    ("multipart-truncated", "multipart/form-data; boundary=x", _PART, 415),
    ("multipart-no-boundary", "multipart/form-data", _PART + b"\r\n--x--", 415),
    ("multipart-mixed", "multipart/mixed; boundary=x", _PART, 415),
    ("zip", "application/zip", zipped(1_000_000), 415),
    ("tar", "application/x-tar", bytes(10240), 415),
    ("xml-entities", "application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 415),
    ("yaml-object", "application/yaml", b"!!python/object/apply:os.system ['id']", 415),
    ("parquet", "application/vnd.apache.parquet", b"PAR1" + bytes(100) + b"PAR1", 415),
    ("joblib", "application/x-joblib", b"\x80\x04.", 415),
    ("no-slash", "json", ROWS, 415),
    ("comma", "application/json, text/plain", ROWS, 415),
    ("very-long", "application/" + "x" * 7000, ROWS, 415),
    ("json-prefix", "application/jsonmarker", ROWS, 415),
]  # fmt: skip

CASES: list[Case] = [
    *(post(f"npy-{name}", body, status, content_type=_NPY) for name, body, status in _NPY_BODIES),
    *(post(f"base64-{name}", _inputs({"base64": value}), status) for name, value, status in _BASE64),
    *(
        post(f"shape-{name}", _inputs({"base64": b64encode(_FOUR).decode(), "shape": shape}), 422)
        for name, shape in _SHAPES
    ),
    post("base64-extra-member", _inputs({"base64": b64encode(_FOUR).decode(), MARKER: 1}), 422),
    post("raw-empty", b"", 422, content_type=_RAW),
    post("raw-odd", _FOUR + b"\0", 422, content_type=_RAW),
    post("raw-json", ROWS + b" ", 422, content_type=_RAW),
    *(post(f"coding-{name}", body, status, content_encoding=coding) for name, coding, body, status in _CODED),
    *(post(f"type-{name}", body, status, content_type=kind) for name, kind, body, status in _TYPED),
]
