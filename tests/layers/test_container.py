"""What the serving container's image is built from."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from layers import container
from layers.container import ContainerReport, package_container
from layers.ledger import Limits
from layers.wheels import this_arch
from onehandler.bundle import Bundle
from onehandler.cli.main import cli
from onehandler.errors import TooLarge
from onehandler.pythons import find_python, this_version
from tests import bundles


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ContainerReport:
    folder = tmp_path_factory.mktemp("sagemaker")
    bundle = Path(bundles.build("iris", folder))
    return package_container(bundle, this_arch(), this_version(), folder / "out")


def content(folder: Path) -> dict[str, tuple[str, int, float]]:
    return {
        path.relative_to(folder).as_posix(): (
            sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mode,
            path.stat().st_mtime,
        )
        for path in folder.rglob("*")
    }


def test_the_image_adds_less_than_sixty_megabytes(report: ContainerReport) -> None:
    found = report.to_json()
    size = sum(path.stat().st_size for path in report.context.rglob("*") if path.is_file())
    assert 30_000_000 < size <= found["limits"]["unzipped"] == 60_000_000
    assert found["archives"]["image.zip"]["packages"].keys() >= {"libonnxruntime", "uvloop", "app"}


def test_what_passes_the_limit_is_refused(
    report: ContainerReport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(container, "LIMITS", Limits("a test", 1_000_000, 1_000_000))
    with pytest.raises(TooLarge, match="The largest part is libonnxruntime"):
        container.build_image(this_arch(), this_version(), tmp_path)


def test_the_same_bundle_gives_the_same_bytes_and_times(report: ContainerReport, tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path))
    again = package_container(bundle, this_arch(), this_version(), tmp_path / "out")
    assert content(again.context) == content(report.context)
    assert again.model.read_bytes() == report.model.read_bytes()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.tar.gz", "image.zip", "context"}


def test_the_base_has_the_python_that_it_was_made_for(report: ContainerReport) -> None:
    lines = (report.context / "Dockerfile").read_text().splitlines()
    assert f"ARG BASE=docker.io/library/python:{this_version()}-slim" in lines
    assert report.command.startswith("docker build --platform linux/")


def test_the_archive_is_the_bundle(report: ContainerReport) -> None:
    assert Bundle.load(str(report.model)).name == "iris"


def test_nothing_in_it_is_a_compiler_or_an_installer(report: ContainerReport) -> None:
    tops = {path.name.partition("-")[0] for path in (report.context / "opt" / "python").iterdir()}
    assert not tops & {"pip", "setuptools", "numpy", "rich", "boto3", "onnxruntime", "bin"}
    assert not list(report.context.rglob("*.pyx"))


def test_packages_are_named_for_scanners(report: ContainerReport) -> None:
    found = [path.parent.name for path in report.context.rglob("*.dist-info/METADATA")]
    assert {name.partition("-")[0] for name in found} >= {"uvicorn", "fastapi", "orjson", "uvloop"}


def test_it_runs_on_a_plain_python(report: ContainerReport, tmp_path: Path) -> None:
    """Nothing of this checkout's environment: it says itself that there is no bundle."""
    opt = report.context / "opt"
    environ = {"PYTHONPATH": f"{opt / 'app'}:{opt / 'python'}", "LD_LIBRARY_PATH": str(opt / "lib")}
    code = "import sys; from functions.container import serve; from onehandler.serving import startup, worker"
    pages = "; from onehandler import app; assert not any('site-packages' in p for p in sys.path)"
    subprocess.run(
        [str(find_python(this_version())), "-S", "-c", code + pages], env=environ, cwd=tmp_path, check=True
    )


def test_the_model_is_inside_if_wanted(tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path)
    words = ["package", "sagemaker", bundle, "--inside", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(cli, [*words, "--python", this_version()], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert Bundle.load(f"{told['context']}/bundle").digest == Bundle.load(bundle).digest
    assert told["model"]["bytes"] == Path(told["model"]["path"]).stat().st_size


def test_a_bundle_without_a_platform_is_for_aws() -> None:
    shown = [
        CliRunner().invoke(cli, ["package", *words, "--help"]).stdout
        for words in ([], ["aws"], ["sagemaker"])
    ]
    assert "aws" in shown[0] and "sagemaker" in shown[0]  # noqa: PT018
    assert "build/aws" in shown[1]
    assert "build/sagemaker" in shown[2]
    refused = CliRunner().invoke(cli, ["package", "no/such/bundle"])
    assert (refused.exit_code, "package aws" in refused.stderr) == (2, True)
