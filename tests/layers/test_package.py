"""The commands: everything that serverless.yml deploys, in one call, quick the second time."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from layers import build, function, package
from layers.package import package_aws
from layers.wheels import this_arch
from onehandler.bundle import Bundle
from onehandler.errors import SettingsError
from onehandler.pythons import this_version
from tests import bundles

_NAMES = {"layer-onnx.zip", "layer-web.zip", "layer-batch.zip", "predict.zip", "batch.zip"}


def test_all_artifacts_under_the_names_of_serverless_yml(archives: dict[str, Path], tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path))
    told: list[str] = []
    report = package_aws(bundle, this_arch(), this_version(), tmp_path / "out", told.append)
    assert {path.name for path in report.archives} == _NAMES == set(told)
    assert {path.name for path in (tmp_path / "out").iterdir()} == _NAMES
    assert set(report.to_json()["archives"]) == _NAMES
    for path in report.archives:
        assert path.read_bytes() == archives[path.stem].read_bytes()


def test_the_second_run_takes_under_two_seconds(archives: dict[str, Path], tmp_path: Path) -> None:
    """Of processor time, its children's included: what other work leaves of the machine is no matter."""
    bundle = bundles.build("iris", tmp_path)
    command = [
        sys.executable,
        "-m",
        "layers.package",
        "--bundle",
        bundle,
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert set(json.loads(done.stdout)["archives"]) == _NAMES
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_each_command_prints_one_object(archives: dict[str, Path], tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path)
    common = ["--out", str(tmp_path / "out"), "--json"]
    layer = CliRunner().invoke(build.main, ["--layer", "onnx", *common])
    assert set(json.loads(layer.output)["archives"]) == {"layer-onnx.zip"}
    made = CliRunner().invoke(function.main, ["--bundle", bundle, "--function", "predict", *common])
    assert set(json.loads(made.output)["archives"]) == {"predict.zip"}


def test_a_table_for_people(archives: dict[str, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(build.main, ["--layer", "onnx", "--out", str(tmp_path)])
    assert done.exit_code == 0
    assert "libonnxruntime" in done.output


def test_refusals_are_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = CliRunner().invoke(package.main, ["--bundle", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "onehandler build" in done.output
    done = CliRunner().invoke(build.main, ["--python", "3.99", "--layer", "web", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "3.99" in done.output


def test_a_bundle_in_s3_stays_out_of_the_archives(archives: dict[str, Path], tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path))
    location = f"s3://models/iris/{Bundle.load(str(bundle)).digest}"
    package_aws(bundle, this_arch(), this_version(), tmp_path / "out", location=location)
    for name in ("predict", "batch"):
        with zipfile.ZipFile(tmp_path / "out" / f"{name}.zip") as archive:
            names = set(archive.namelist())
        assert "functions/__init__.py" in names
        assert not any(each.startswith("bundle/") for each in names)


def test_the_location_of_another_state_is_refused(archives: dict[str, Path], tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path))
    location = f"s3://models/iris/{'a' * 64}"
    with pytest.raises(SettingsError, match="names another state than"):
        package_aws(bundle, this_arch(), this_version(), tmp_path / "out", location=location)
