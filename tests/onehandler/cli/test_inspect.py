"""`onehandler inspect`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.bundle import Bundle
from onehandler.bundle_archive import pack
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Run = Callable[..., Result]


def test_shows_signature_files_digest_and_limits(iris_bundle: str, run: Run) -> None:
    found = run("inspect", iris_bundle)
    assert found.exit_code == 0
    for expected in ("[any, 4]", "float32", "sepal length", "model.onnx", Bundle.load(iris_bundle).digest):
        assert expected in found.stdout
    assert "AWS Lambda, unzipped with layers: fits" in found.stdout


def test_json_is_one_object_and_nothing_else(iris_bundle: str, run: Run) -> None:
    found = run("inspect", iris_bundle, "--json")
    told = json.loads(found.stdout)
    bundle = Bundle.load(iris_bundle)
    assert found.stderr == ""
    assert told["digest"] == bundle.digest
    assert told["signature"] == bundle.signature.to_json()
    assert told["bytes"] == Path(bundle.model_path).stat().st_size
    assert all(told["fits"].values())


def test_an_archive_is_the_same_bundle(iris_bundle: str, run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "iris.tar.gz"
    pack(Path(iris_bundle), archive)
    assert run("inspect", archive, "--json").stdout == run("inspect", iris_bundle, "--json").stdout


def test_an_altered_file_is_refused(iris_bundle: str, run: Run) -> None:
    model = Path(iris_bundle, "model.onnx")
    model.write_bytes(model.read_bytes()[:-1] + b"\0")
    found = run("inspect", iris_bundle)
    assert found.exit_code == 2
    assert "sha256 differs" in found.stderr


def test_names_that_look_like_markup_are_shown_as_they_are(run: Run, tmp_path: Path) -> None:
    columns = ["[bold]", "[/]", ":smile:", "[link=x]"]
    signature = {
        "inputs": [bundles.spec("X", "float32", [-1, 4], columns)],
        "outputs": [bundles.spec("label", "int64", [-1]), bundles.spec("probabilities", "float32", [-1, 3])],
    }
    found = run("inspect", bundles.build("iris", tmp_path, signature=signature))
    assert found.exit_code == 0
    assert all(each in found.stdout for each in columns)
