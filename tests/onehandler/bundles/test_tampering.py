"""Bundles that somebody altered: each is refused, by name, before anything in it is opened."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from onehandler.bundle import Bundle
from onehandler.errors import BundleError, UntrustedBundle
from tests import bundles
from tests.malicious.folders import FILES
from tests.malicious.manifests import manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(bundles.build("iris", tmp_path / "a"))


def test_the_bundle_that_the_tables_alter_loads(folder: Path) -> None:
    bundle = Bundle.load(str(folder))
    assert bundle.digest == hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()
    assert bundle.model_path == str(folder / "model.onnx")
    assert bundle.handler_path == ""


@pytest.mark.parametrize("case", ["changed byte", "truncated", "link inside", "hard link", "manifest linked"])
def test_what_is_not_what_was_bundled_is_untrusted(case: str, folder: Path) -> None:
    FILES[case][0](folder)
    with pytest.raises(UntrustedBundle):
        Bundle.load(str(folder))


def test_a_pinned_digest_refuses_even_a_sound_bundle(folder: Path) -> None:
    digest = Bundle.load(str(folder)).digest
    path = folder / "bundle.json"
    path.write_bytes(manifest(version="2")(path.read_bytes()))
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
