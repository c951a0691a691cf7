"""Bundles are written whole or not at all, and the same draft gives the same bytes."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.bundle import Bundle
from onehandler.bundle_writer import Draft, put_in_place, write_bundle
from onehandler.errors import BundleError
from onehandler.signature import Signature
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def draft() -> Draft:
    model, inputs, outputs, sample = bundles._MODELS["iris"]()
    return Draft(
        name="iris",
        version="1",
        runtime="onnx",
        model="model.onnx",
        signature=Signature.from_json({"inputs": inputs, "outputs": outputs}),
        files={"model.onnx": model.SerializeToString(), "words/a.txt": b"a", "words/b.txt": b""},
        samples={"rows": sample},
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_draft_becomes_a_bundle_that_loads(draft: Draft, tmp_path: Path) -> None:
    bundle = write_bundle(draft, tmp_path / "deep" / "iris")
    assert bundle.digest == Bundle.load(str(tmp_path / "deep" / "iris")).digest
    assert bundle.manifest["samples"] == draft.samples
    assert names(tmp_path / "deep") == ["iris"]
    assert (tmp_path / "deep" / "iris").stat().st_mode & 0o777 == 0o755


def test_the_same_draft_gives_the_same_bytes_in_any_order(draft: Draft, tmp_path: Path) -> None:
    again = replace(draft, files=dict(reversed(draft.files.items())))
    assert write_bundle(draft, tmp_path / "a").digest == write_bundle(again, tmp_path / "b").digest


def test_a_bundle_is_replaced_whole(draft: Draft, tmp_path: Path) -> None:
    write_bundle(draft, tmp_path / "iris")
    smaller = replace(draft, version="2", files={"model.onnx": draft.files["model.onnx"]})
    assert write_bundle(smaller, tmp_path / "iris").version == "2"
    assert names(tmp_path / "iris") == ["bundle.json", "model.onnx"]
    assert names(tmp_path) == ["iris"]


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "bundle.json", "", "a\\b"])
def test_a_name_that_could_not_be_loaded_is_not_written(name: str, draft: Draft, tmp_path: Path) -> None:
    place = tmp_path / "place"
    with pytest.raises(BundleError):
        write_bundle(replace(draft, files={**draft.files, name: b"x"}), place / "iris")
    assert names(place) == []
    assert names(tmp_path) == ["place"]


@pytest.mark.parametrize("changes", [{"name": ""}, {"model": "other.onnx"}, {"version": "a\nb"}])
def test_what_does_not_verify_never_gets_in_place(changes: Any, draft: Draft, tmp_path: Path) -> None:
    former = write_bundle(draft, tmp_path / "iris").digest
    with pytest.raises(BundleError):
        write_bundle(replace(draft, **changes), tmp_path / "iris")
    assert Bundle.load(str(tmp_path / "iris")).digest == former
    assert names(tmp_path) == ["iris"]


def test_numbers_that_json_lacks_are_refused_before_anything_is_in_place(
    draft: Draft, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_bundle(replace(draft, samples={"rows": [float("nan")]}), tmp_path / "iris")
    assert names(tmp_path) == []


def fill_disk(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"half")
    raise OSError(28, "No space left on device")


def interrupt(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"half")
    raise KeyboardInterrupt


@pytest.mark.parametrize(("fill", "error"), [(fill_disk, BundleError), (interrupt, KeyboardInterrupt)])
def test_an_accident_leaves_the_former_bundle(
    fill: Callable[[Path], None], error: type[BaseException], draft: Draft, tmp_path: Path
) -> None:
    former = write_bundle(draft, tmp_path / "iris").digest
    with pytest.raises(error):
        put_in_place(tmp_path / "iris", fill)
    assert Bundle.load(str(tmp_path / "iris")).digest == former
    assert names(tmp_path) == ["iris"]


def test_a_folder_that_is_no_bundle_is_never_replaced(draft: Draft, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    with pytest.raises(BundleError, match="exists and is no bundle; choose another name or remove it"):
        write_bundle(draft, tmp_path / "letters")
    assert names(tmp_path) == ["letters"]


def test_a_place_that_cannot_be_written_is_an_error_in_words(draft: Draft, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match=r"file/iris: cannot be written: (Not a directory|File exists)"):
        write_bundle(draft, tmp_path / "file" / "iris")


def test_a_reader_during_a_replacement_loads_one_bundle_or_none(draft: Draft, tmp_path: Path) -> None:
    """Who reads the old manifest and the new files refuses them; no mixture of two ever loads."""
    target = tmp_path / "iris"
    write_bundle(replace(draft, version="0", files={**draft.files, "n": b""}), target)
    stop = threading.Event()
    loaded: set[tuple[str, int]] = set()

    def read() -> None:
        while not stop.is_set():
            with suppress(BundleError):
                bundle = Bundle.load(str(target))
                loaded.add((bundle.version, bundle.manifest["files"]["n"]["bytes"]))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(30):
        write_bundle(replace(draft, version=str(number), files={**draft.files, "n": bytes(number)}), target)
    stop.set()
    reader.join()
    assert len(loaded) > 1
    assert all(int(version) == size for version, size in loaded)
    assert Bundle.load(str(target)).version == "29"
