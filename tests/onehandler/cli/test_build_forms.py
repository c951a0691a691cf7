"""`onehandler build` with --report, --optimize and --quantize."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from onehandler.bundle import Bundle
from tests.onehandler.convert.models import save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def words(tmp_path: Path) -> list[object]:
    save("cancer", tmp_path)
    files = (tmp_path / "cancer.joblib", "--sample", tmp_path / "cancer.csv")
    return ["build", *files, "--name", "cancer", "--out", tmp_path / "out"]


def test_report_writes_a_page_of_the_bundle(words: list[object], tmp_path: Path, run: Run) -> None:
    found = run(*words, "--report", tmp_path / "page.html")
    assert found.exit_code == 0, found.stderr
    page = (tmp_path / "page.html").read_text()
    assert Bundle.load(str(tmp_path / "out" / "cancer")).digest in page
    assert "expect a cold start of" in page


def test_report_of_a_refusal_tells_why(tmp_path: Path, run: Run) -> None:
    save("diabetes", tmp_path)
    files = (tmp_path / "diabetes.joblib", "--sample", tmp_path / "diabetes.csv")
    report = ("--report", tmp_path / "page.html")
    found = run("build", *files, "--name", "m", "--out", tmp_path / "out", *report, "--tolerance", "1e-30")
    assert found.exit_code == 2
    page = (tmp_path / "page.html").read_text()
    assert "m 1: refused" in page
    assert "differently" in page
    assert "Parity with the original" in page
    assert not (tmp_path / "out").exists()


def test_report_of_a_file_that_is_no_model_tells_why(tmp_path: Path, run: Run) -> None:
    (tmp_path / "model.onnx").write_bytes(b"hello")
    page = tmp_path / "page.html"
    assert run("build", tmp_path / "model.onnx", "--name", "m", "--report", page).exit_code == 2
    assert "is not an ONNX file" in page.read_text()


def test_without_an_answer_the_model_is_written_as_converted(words: list[object], run: Run) -> None:
    found = run(*words, "--optimize", "--json")
    told = json.loads(found.stdout)
    assert [each["form"] for each in told["forms"]] == ["as converted", "optimized"]
    assert told["note"] == ""
    assert "--yes takes the other form" in found.stderr


def test_yes_takes_the_other_form_and_shows_both(words: list[object], run: Run) -> None:
    found = run(*words, "--optimize", "--yes")
    assert found.exit_code == 0, found.stderr
    for expected in ("as converted", "optimized", "labels changed", "converted with optimized"):
        assert expected in found.stdout


def test_what_cannot_be_quantized_is_an_error_and_writes_nothing(tmp_path: Path, run: Run) -> None:
    save("cancer-forest", tmp_path)
    files = (tmp_path / "cancer-forest.joblib", "--sample", tmp_path / "cancer-forest.csv")
    found = run("build", *files, "--name", "m", "--out", tmp_path / "out", "--quantize", "dynamic", "--yes")
    assert found.exit_code == 2
    assert "finds no matrix product to quantize" in found.stderr
    assert not (tmp_path / "out").exists()
