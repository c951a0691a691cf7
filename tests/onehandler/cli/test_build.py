"""`onehandler build` on real models: what is printed, written and refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import joblib
import pytest
from sklearn.datasets import load_diabetes
from sklearn.tree import DecisionTreeRegressor

from onehandler.bundle import Bundle
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with model.joblib and rows.csv, the target column among the rows."""
    data = load_diabetes(as_frame=True)
    model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(data.data, data.target)
    joblib.dump(model, tmp_path / "model.joblib")
    data.frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path


def words(files: Path, *more: object) -> list[object]:
    sample = ("--sample", files / "rows.csv", "--target", "target")
    return ["build", files / "model.joblib", *sample, "--name", "diabetes", "--out", files / "out", *more]


def test_prints_the_comparison_and_writes_the_bundle(files: Path, run: Run) -> None:
    found = run(*words(files))
    assert found.exit_code == 0, found.stderr
    for expected in ("training", "held-out", "prediction", "0.0%"):
        assert expected in found.stdout
    bundle = Bundle.load(str(files / "out" / "diabetes"))
    assert bundle.digest[:12] in found.stdout
    assert bundle.signature.inputs[0].columns[:2] == ("age", "sex")


def test_json_is_one_object_with_the_parity_of_both_sets(files: Path, run: Run) -> None:
    found = run(*words(files, "--json"))
    told = json.loads(found.stdout)
    assert told["digest"] == Bundle.load(told["bundle"]).digest
    assert {each["rows"] for each in told["parity"]} == {"training", "held-out"}
    assert all(each["share_off"] == 0 for each in told["parity"])
    assert run("predict", told["bundle"], "--rows", files / "rows.csv").exit_code == 0


def test_building_again_replaces_the_bundle_with_the_same_bytes(files: Path, run: Run) -> None:
    first = json.loads(run(*words(files, "--json")).stdout)
    again = json.loads(run(*words(files, "--json")).stdout)
    assert first == again
    other = json.loads(run(*words(files, "--json", "--version", "2")).stdout)
    assert other["digest"] != first["digest"]
    assert [path.name for path in (files / "out").iterdir()] == ["diabetes"]


def test_over_the_tolerance_is_an_error_and_no_bundle(files: Path, run: Run) -> None:
    found = run(*words(files, "--tolerance", "1e-12"))  # its leaves are floats
    assert found.exit_code == 2
    assert "differently" in found.stderr
    assert "on line" in found.stderr
    assert not (files / "out").exists()


def test_an_onnx_file_needs_no_sample(tmp_path: Path, run: Run) -> None:
    source = bundles.build("image", tmp_path)
    found = run("build", f"{source}/model.onnx", "--name", "digits", "--out", tmp_path / "out", "--json")
    assert found.exit_code == 0, found.stderr
    assert json.loads(found.stdout)["parity"] == []
    assert Bundle.load(str(tmp_path / "out" / "digits")).signature.inputs[0].shape == (-1, 8, 8)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--name", "Not_a_name"], "lower-case letters, digits and hyphens"),
        (["--target", "nothing"], "has no column 'nothing'"),
        (["--target", "age"], "lacks 1 of the model's columns: 'age'"),
    ],
)
def test_wrong_options_are_told_in_one_line(more: list[str], message: str, files: Path, run: Run) -> None:
    found = run(*words(files), *more)
    assert found.exit_code == 2
    assert message in found.stderr
    assert not (files / "out").exists()


def test_a_model_of_scikit_learn_needs_a_sample(files: Path, run: Run) -> None:
    found = run("build", files / "model.joblib", "--name", "m", "--out", files / "out")
    assert found.exit_code == 2
    assert "--sample: is needed" in found.stderr


def test_a_file_of_another_kind_is_told_which_there_are(files: Path, run: Run) -> None:
    (files / "model.bin").touch()
    found = run("build", files / "model.bin", "--name", "m", "--out", files / "out")
    assert found.exit_code == 2
    assert ".joblib, .pkl, .pickle, .onnx" in found.stderr


def test_a_folder_that_is_no_bundle_is_left_alone(files: Path, run: Run) -> None:
    kept = files / "out" / "diabetes" / "thesis.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("years of work")
    found = run(*words(files))
    assert found.exit_code == 2
    assert kept.read_text() == "years of work"
