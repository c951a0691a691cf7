"""Bundles that somebody altered: each is refused, by name, before anything in it is opened."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.bundle import MANIFEST_LIMIT, Bundle
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable


def manifest(**changes: Any) -> Callable[[Path], None]:
    """Replace members of bundle.json; None removes one."""

    def tamper(folder: Path) -> None:
        found = json.loads((folder / "bundle.json").read_text()) | changes
        found = {key: value for key, value in found.items() if value is not None}
        (folder / "bundle.json").write_text(json.dumps(found))

    return tamper


def raw(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "bundle.json").write_bytes(content)


def listed(name: str, **changes: Any) -> Callable[[Path], None]:
    """List one more file under this name, really there only if it can be."""

    def tamper(folder: Path) -> None:
        found = json.loads((folder / "bundle.json").read_text())
        found["files"][name] = {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()} | changes
        (folder / "bundle.json").write_text(json.dumps(found))

    return tamper


def signature(**changes: Any) -> Callable[[Path], None]:
    """Change the first input of the signature."""

    def tamper(folder: Path) -> None:
        found = json.loads((folder / "bundle.json").read_text())
        found["signature"]["inputs"][0] |= changes
        (folder / "bundle.json").write_text(json.dumps(found))

    return tamper


def flip(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)


def longer(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")


def replaced(make: Callable[[Path], object], name: str = "model.onnx") -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        (folder / name).rename(folder.parent / "moved")
        make(folder / name)

    return tamper


def linked_inside(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "real.onnx")
    (folder / "model.onnx").symlink_to("real.onnx")


def nested_folders(folder: Path) -> None:
    for _ in range(200):
        folder /= "d"
    folder.mkdir(parents=True)


def duplicate_key(folder: Path) -> None:
    text = (folder / "bundle.json").read_text()
    (folder / "bundle.json").write_text(
        text.replace('"runtime": "onnx"', '"runtime": "python", "runtime": "onnx"')
    )


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed byte": (flip, "model.onnx: is not the file that was bundled: its sha256 differs"),
    "longer": (longer, "the manifest says"),
    "truncated": (lambda folder: os.truncate(folder / "model.onnx", 10), "has 10 bytes, the manifest says"),
    "missing file": (
        lambda folder: (folder / "model.onnx").unlink(),
        "lists 'model.onnx', which is not there",
    ),
    "extra file": (lambda folder: (folder / "evil.py").touch(), "'evil.py' is not in the manifest"),
    "extra file below": (
        lambda folder: ((folder / "a").mkdir(), (folder / "a" / "b").touch()),
        "'a/b' is not in the manifest",
    ),
    "extra file of no text": (
        lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n")).touch(),
        "is not in the manifest",
    ),
    "link inside": (linked_inside, "'model.onnx' is a link"),
    "link outside": (replaced(lambda path: path.symlink_to("../moved")), "'model.onnx' is a link"),
    "link nowhere": (replaced(lambda path: path.symlink_to("nowhere")), "'model.onnx' is a link"),
    "folder linked": (lambda folder: (folder / "more").symlink_to("/etc"), "'more' is a link"),
    "hard link": (
        lambda folder: (folder.parent / "twin").hardlink_to(folder / "model.onnx"),
        "has 2 names (hard links)",
    ),
    "folder for file": (replaced(Path.mkdir), "lists 'model.onnx', which is not there"),
    "fifo for file": (replaced(os.mkfifo), "'model.onnx' is a link or device"),
    "deep folders": (nested_folders, "folders more than 32 deep"),
    "manifest linked": (replaced(lambda path: path.symlink_to("../moved"), "bundle.json"), "is a link"),
    "manifest a fifo": (replaced(os.mkfifo, "bundle.json"), "bundle.json is a link, folder or device"),
    "manifest a folder": (replaced(Path.mkdir, "bundle.json"), "bundle.json is a link, folder or device"),
    "manifest missing": (lambda folder: (folder / "bundle.json").unlink(), "onehandler build"),
    "manifest hard linked": (
        lambda folder: (folder.parent / "twin").hardlink_to(folder / "bundle.json"),
        "'bundle.json' has 2 names",
    ),
}

MANIFESTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (raw(b""), "is not JSON"),
    "not JSON": (raw(b"{'format': 1}"), "is not JSON"),
    "cut": (raw(b'{"format": 1, '), "is not JSON"),
    "two objects": (raw(b"{}{}"), "is not JSON"),
    "not UTF-8": (raw(b'{"format": 1, "name": "\xff"}'), "is not JSON: 'utf-8'"),
    "UTF-16": (raw('{"format": 1}'.encode("utf-16")), "is not JSON: 'utf-8'"),
    "NaN": (raw(b'{"format": NaN}'), "NaN is no JSON number"),
    "many digits": (raw(b'{"format": ' + b"1" * 5000 + b"}"), "is not JSON"),
    "deep nesting": (raw(b"[" * 200_000), "is not JSON"),
    "deep objects": (raw(b'{"a":' * 200_000), "is not JSON"),
    "huge": (raw(b" " * (MANIFEST_LIMIT + 1)), f"is larger than {MANIFEST_LIMIT} bytes"),
    "duplicate key": (duplicate_key, "the same key twice"),
    "an array": (raw(b"[]"), "is not a JSON object"),
    "null": (raw(b"null"), "is not a JSON object"),
    "no format": (manifest(format=None), 'needs "format": 1'),
    "later format": (manifest(format=2), 'needs "format": 1; rebuild it'),
    "format true": (manifest(format=True), 'needs "format": 1'),
    "format text": (manifest(format="1"), 'needs "format": 1'),
    "no name": (manifest(name=None), "needs a text 'name'"),
    "name a number": (manifest(name=5), "needs a text 'name'"),
    "name with newline": (manifest(name="a\nb"), "needs a text 'name'"),
    "name a lone surrogate": (manifest(name="\ud800"), "needs a text 'name'"),
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
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(bundles.build("iris", tmp_path / "a"))


def test_the_bundle_that_the_tables_alter_loads(folder: Path) -> None:
    bundle = Bundle.load(str(folder))
    assert bundle.digest == hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()
    assert bundle.model_path == str(folder / "model.onnx")
    assert bundle.handler_path == ""


@pytest.mark.parametrize("case", [*FILES, *MANIFESTS])
def test_an_altered_bundle_is_refused(case: str, folder: Path) -> None:
    tamper, message = (FILES | MANIFESTS)[case]
    tamper(folder)
    with pytest.raises(BundleError) as refused:
        Bundle.load(str(folder))
    assert message in str(refused.value)
    assert len(str(refused.value)) < 600
    with pytest.raises(BundleError):
        Handler.load(str(folder), Settings({}))


@pytest.mark.parametrize("case", ["changed byte", "truncated", "link inside", "hard link", "manifest linked"])
def test_what_is_not_what_was_bundled_is_untrusted(case: str, folder: Path) -> None:
    FILES[case][0](folder)
    with pytest.raises(UntrustedBundle):
        Bundle.load(str(folder))


def test_a_pinned_digest_refuses_even_a_sound_bundle(folder: Path) -> None:
    digest = Bundle.load(str(folder)).digest
    manifest(version="2")(folder)
    Bundle.load(str(folder))
    with pytest.raises(UntrustedBundle, match=f"the deployment pins {digest}"):
        Bundle.load(str(folder), digest)


@pytest.mark.parametrize("path", ["", "nowhere", "a\0b", "x" * 5000, "nowhere.tar.gz", "/dev/null"])
def test_what_is_no_bundle_at_all_is_refused(path: str) -> None:
    with pytest.raises(BundleError):
        Bundle.load(path)


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    (folder / "model.onnx").chmod(0)
    with pytest.raises(BundleError, match=r"model\.onnx: cannot be read: Permission denied"):
        Bundle.load(str(folder))


def test_a_file_outside_the_manifest_has_no_path(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"lists no file '\.\./moved'"):
        Bundle.load(str(folder)).path("../moved")


@pytest.mark.parametrize("size", [0, 1, 2 * 1024 * 1024 - 1, 2 * 1024 * 1024, 3_000_001])
def test_small_and_large_files_have_the_same_kind_of_digest(size: int, tmp_path: Path) -> None:
    """From 2 MiB on another implementation of sha256 computes it."""
    model, inputs, outputs, sample = bundles._MODELS["iris"]()
    content = os.urandom(size)
    path = bundles.write(tmp_path / "b", "iris", model, inputs, outputs, sample, files={"data.bin": content})
    assert Bundle.load(path).manifest["files"]["data.bin"]["bytes"] == size
    if size:
        Path(path, "data.bin").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(UntrustedBundle, match="sha256 differs"):
            Bundle.load(path)
