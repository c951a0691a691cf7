"""Manifests that nobody should write: what each says, and what must be said of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from onehandler.bundle import MANIFEST_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Change: TypeAlias = Callable[[bytes], bytes]

# What would become a path, an option, a formula, markup, a variable or a command somewhere.
_INJECTED = (
    "../other", "a/b", "..", "-rf", ".hidden", "=1+1", "@SUM(1)", "<script>alert(1)</script>", "{{7*7}}",
    "${self:service}", "$(id)", "`id`", "%s%n", "a: [b]", "a,b", "a;b", "a b", "a|b", "'--", "caf\u00e9", "a" * 129,
)  # fmt: skip


def manifest(**changes: Any) -> Change:
    """Replace members; None removes one."""

    def change(content: bytes) -> bytes:
        found = json.loads(content) | changes
        return json.dumps({key: value for key, value in found.items() if value is not None}).encode()

    return change


def raw(content: bytes) -> Change:
    return lambda _: content


def listed(*names: str, **changes: Any) -> Change:
    """List more files under these names."""

    def change(content: bytes) -> bytes:
        found = json.loads(content)
        for name in names:
            found["files"][name] = {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()} | changes
        return json.dumps(found).encode()

    return change


def signature(**changes: Any) -> Change:
    """Change the first input of the signature."""

    def change(content: bytes) -> bytes:
        found = json.loads(content)
        found["signature"]["inputs"][0] |= changes
        return json.dumps(found).encode()

    return change


def duplicate_key(content: bytes) -> bytes:
    return content.replace(b'"runtime": "onnx"', b'"runtime": "python", "runtime": "onnx"')


MANIFESTS: dict[str, tuple[Change, str]] = {
    "empty": (raw(b""), "is not JSON"),
    "not JSON": (raw(b"{'format': 1}"), "is not JSON"),
    "cut": (raw(b'{"format": 1, '), "is not JSON"),
    "two objects": (raw(b"{}{}"), "is not JSON"),
    "not UTF-8": (raw(b'{"format": 1, "name": "\xff"}'), "is not UTF-8"),
    "UTF-16": (raw('{"format": 1}'.encode("utf-16")), "is not UTF-8"),
    "NaN": (raw(b'{"format": NaN}'), "NaN and Infinity are not JSON"),
    "many digits": (raw(b'{"format": ' + b"1" * 5000 + b"}"), "is not JSON"),
    "deep nesting": (raw(b"[" * 200_000), "is not JSON"),
    "deep objects": (raw(b'{"a":' * 200_000), "is not JSON"),
    "huge": (raw(b" " * (MANIFEST_LIMIT + 1)), f"is larger than {MANIFEST_LIMIT} bytes"),
    "duplicate key": (duplicate_key, "the same name twice"),
    "an array": (raw(b"[]"), "is not a JSON object"),
    "null": (raw(b"null"), "is not a JSON object"),
    "no format": (manifest(format=None), 'needs "format": 1'),
    "later format": (manifest(format=2), 'needs "format": 1; rebuild it'),
    "format true": (manifest(format=True), 'needs "format": 1'),
    "format text": (manifest(format="1"), 'needs "format": 1'),
    "no name": (manifest(name=None), "needs a text 'name'"),
    "name a number": (manifest(name=5), "needs a text 'name'"),
    "name with newline": (manifest(name="a\nb"), "needs a text 'name'"),
    "name a lone surrogate": (manifest(name="\ud800"), "half of a surrogate pair"),
    "no version": (manifest(version=None), "needs a text 'version'"),
    "version a number": (manifest(version=1), "needs a text 'version'"),
    "no runtime": (manifest(runtime=None), "needs a text 'runtime'"),
    "runtime a list": (manifest(runtime=["onnx"]), "needs a text 'runtime'"),
    "no model": (manifest(model=None), "needs a text 'model'"),
    "model not listed": (manifest(model="other.onnx"), "lists no file of the name that 'model' says"),
    "model outside": (manifest(model="../model.onnx"), "lists no file of the name that 'model' says"),
    "no files": (manifest(files=None), "needs an object 'files'"),
    "files a list": (manifest(files=["model.onnx"]), "needs an object 'files'"),
    "file without size": (listed("x", bytes=None), "needs 'bytes' and 'sha256' for 'x'"),
    "file of negative size": (listed("x", bytes=-1), "needs 'bytes' and 'sha256' for 'x'"),
    "file of size true": (listed("x", bytes=True), "needs 'bytes' and 'sha256' for 'x'"),
    "file of size 1.0": (listed("x", bytes=1.0), "needs 'bytes' and 'sha256' for 'x'"),
    "file with short digest": (listed("x", sha256="00"), "needs 'bytes' and 'sha256' for 'x'"),
    "file with digest number": (listed("x", sha256=0), "needs 'bytes' and 'sha256' for 'x'"),
    "entry a text": (manifest(files={"model.onnx": "x"}), "needs 'bytes' and 'sha256' for 'model.onnx'"),
    "absolute": (listed("/etc/passwd"), "'/etc/passwd' is not a plain relative path"),
    "climbing": (listed("../moved"), "'../moved' is not a plain relative path"),
    "climbing later": (listed("a/../../moved"), "is not a plain relative path"),
    "dot": (listed("./model.onnx"), "is not a plain relative path"),
    "empty part": (listed("a//b"), "is not a plain relative path"),
    "empty name": (listed(""), "'' is not a plain relative path"),
    "backslash": (listed("..\\moved"), "is not a plain relative path"),
    "newline": (listed("a\nb"), "is not a plain relative path"),
    "NUL": (listed("a\0b"), "is not a plain relative path"),
    "right-to-left override": (listed("a\u202eb"), "is not a plain relative path"),
    "itself": (listed("bundle.json"), "cannot list itself"),
    "very long": (listed("a" * 5000), "too long or too deep"),
    "very deep": (listed("a/" * 100 + "a"), "too long or too deep"),
    "no signature": (manifest(signature=None), "needs an object 'signature'"),
    "signature a list": (manifest(signature=[]), "needs an object 'signature'"),
    "signature empty": (manifest(signature={}), "'inputs' must be a list"),
    "no inputs": (manifest(signature={"inputs": [], "outputs": []}), "needs inputs and outputs"),
    "inputs an object": (manifest(signature={"inputs": {}, "outputs": []}), "'inputs' must be a list"),
    "input a text": (manifest(signature={"inputs": ["X"], "outputs": []}), "needs name, dtype and shape"),
    "input null": (manifest(signature={"inputs": [None], "outputs": []}), "needs name, dtype and shape"),
    "input name a number": (signature(name=5), "'name' has a number where str is needed"),
    "dtype unknown": (signature(dtype="float33"), "there is no element type 'float33'"),
    "dtype a list": (signature(dtype=[]), "needs name, dtype and shape"),
    "shape a text": (signature(shape="14"), "'shape' has a string where list is needed"),
    "shape of floats": (signature(shape=[1.0, 4]), "where int is needed"),
    "shape of booleans": (signature(shape=[True, 4]), "'shape' has a boolean where int is needed"),
    "shape below any": (signature(shape=[-2, 4]), "-1"),
    "columns a text": (signature(columns="abcd"), "'columns' has a string where list is needed"),
    "columns too few": (signature(columns=["a"]), "1 columns for shape"),
    "columns of numbers": (signature(columns=[1, 2, 3, 4]), "'columns' has a number where str is needed"),
    "nullable a text": (signature(nullable="no"), "'nullable' has a string where bool is needed"),
    "samples a list": (manifest(samples=[]), "needs an object 'samples'"),
    "sample rows an object": (manifest(samples={"rows": {}}), "needs a list 'samples.rows'"),
    "source a text": (manifest(source="me"), "needs an object 'source'"),
    "baseline a list": (manifest(baseline=[]), "needs an object 'baseline'"),
    "parity a list": (manifest(parity=[]), "needs an object 'parity'"),
    "file of 10^30 bytes": (listed("x", bytes=10**30), "needs 'bytes' and 'sha256' for 'x'"),
    "file of 2^62 bytes": (listed("x", bytes=2**62), ""),
    "drive": (listed("C:/x"), "is not a plain relative path"),
    "stream": (listed("model.onnx:x"), "is not a plain relative path"),
    "ends with a dot": (listed("model.onnx."), "is not a plain relative path"),
    "ends with a space": (listed("model.onnx "), "is not a plain relative path"),
    "folder ends with a dot": (listed("a./b"), "is not a plain relative path"),
    "terminal sequence": (listed("a\x1b[2Jb"), "is not a plain relative path"),
    "lone surrogate": (listed("a\ud800"), "half of a surrogate pair"),
    "case collision": (listed("Model.ONNX"), "differ in case or accents only"),
    "accents collide": (listed("caf\u00e9", "cafe\u0301"), "differ in case or accents only"),
    "sharp s collides": (listed("stra\u00dfe", "STRASSE"), "differ in case or accents only"),
    "folders collide": (listed("data/a", "Data/b"), "differ in case or accents only"),
    "file below a file": (listed("model.onnx/x"), "is both a file and a folder"),
    "folder is a file": (listed("a/b", "a"), "is both a file and a folder"),
    "itself in capitals": (listed("BUNDLE.JSON"), "cannot list itself"),
    "too many files": (listed(*map(str, range(10_001))), "lists 10002 files"),
    "column ends a line": (signature(columns=["a\nb", "c", "d", "e"]), "holds a control character"),
    "column steers the terminal": (signature(columns=["\x1b]0;x\x07", "c", "d", "e"]), "a control character"),
    "column turns text around": (signature(columns=["\u202ea", "c", "d", "e"]), "a change of direction"),
    "column half a pair": (signature(columns=["\ud800", "c", "d", "e"]), "half of a surrogate pair"),
    "input name adds a header": (signature(name="X\r\nset-cookie: a=b"), "holds a control character"),
    **{f"name {text!r:.30}": (manifest(name=text), "needs a 'name' of 1 to 128 letters") for text in _INJECTED},
    **{f"version {text!r:.30}": (manifest(version=text), "needs a 'version' of 1 to 128") for text in _INJECTED},
}  # fmt: skip
