"""`onehandler bench` on real bundles: built, started under the runtime client, measured, advised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import onnx
import pytest

from onehandler.bench.breakdown import ABOUT
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Run = Callable[..., Result]

# A handler that needs 300 MB of its own.
OWN = b"""
from onehandler.handler import Handler

class Own(Handler):
    held = b"x" * (300 << 20)
"""
FEW = ("--starts", 2, "--traces", 1, "--calls", 3)


def test_every_figure_is_there_and_the_parts_add_up(iris_bundle: str, tmp_path: Path, run: Run) -> None:
    plot = tmp_path / "waterfall.svg"
    done = run("bench", iris_bundle, *FEW, "--plot", plot, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["bundle"] == "iris"
    assert found["cold"]["samples"] == 2
    assert found["warm"]["samples"] == 3
    assert found["cold"]["median_ms"] > found["warm"]["median_ms"] > 0
    assert found["peak_resident_mb"] > 10
    parts = found["breakdown"]["parts_ms"]
    assert list(parts) == list(ABOUT)
    waits = ("library", "session")  # a start that waits for nothing is a good one
    assert all(taken > 0 for name, taken in parts.items() if name not in waits)
    assert found["breakdown"]["cpu_ms"] > 0
    assert sum(parts.values()) == pytest.approx(found["breakdown"]["total_ms"])
    assert [span["name"] for span in found["breakdown"]["other_threads"]] == ["library", "session"]
    assert found["advice"]["memory_mb"] in [each["memory_mb"] for each in found["advice"]["settings"]]
    assert ElementTree.fromstring(plot.read_text()).tag.endswith("svg")


@pytest.mark.parametrize("name", ["mixed", "fixed", "image"])
def test_any_signature_has_a_sample(name: str, tmp_path: Path, run: Run) -> None:
    done = run("bench", bundles.build(name, tmp_path), *FEW)
    assert done.exit_code == 0, done.output
    assert "first run" in done.stdout
    assert "Take " in done.stdout


def test_an_answer_that_is_an_error_is_not_measured(tmp_path: Path, run: Run) -> None:
    bundle = bundles.build("iris", tmp_path, samples={"rows": [["no", "numbers", "at", "all"]]})
    done = run("bench", bundle, *FEW)
    assert done.exit_code == 2
    assert "did not answer the bundle's sample" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_memory_setting_that_is_too_small_is_told(tmp_path: Path, run: Run) -> None:
    done = run("bench", own_bundle(tmp_path), *FEW, "--memory", 128)
    assert done.exit_code == 2
    assert "needs more than its 128 MB; try again with a larger --memory" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def own_bundle(folder: Path) -> str:
    """The bundle "iris" with a handler.py of its own."""
    built = Path(bundles.build("iris", folder / "plain"))
    manifest = json.loads((built / "bundle.json").read_text())
    signature, sample = manifest["signature"], manifest["samples"]["rows"]
    model = onnx.load(built / "model.onnx")
    files = {"handler.py": OWN}
    return bundles.write(
        folder / "own", "own", model, signature["inputs"], signature["outputs"], sample, files=files
    )


def test_a_runtime_that_lambda_has_not_is_told_in_one_line(iris_bundle: str, run: Run) -> None:
    done = run("bench", iris_bundle, "--python", "3.9")
    assert done.exit_code == 2
    assert "supported are python3.11" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_bundle_is_told_in_one_line(iris_bundle: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "built" / "iris" / "model.onnx").write_bytes(b"")
    done = run("bench", iris_bundle)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("plot", "told"), [("w.png", "is no .svg"), ("none/w.svg", "there is no folder")])
def test_a_plot_that_cannot_be_written_is_refused_first(
    plot: str, told: str, iris_bundle: str, tmp_path: Path, run: Run
) -> None:
    done = run("bench", iris_bundle, "--plot", tmp_path / plot)
    assert done.exit_code == 2
    assert told in done.stderr
