"""`onehandler predict`: its answers are the Handler's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.bundle_archive import pack
from onehandler.results import named_rows
from onehandler.rows import tensors_from_rows
from tests.bundles import COLUMNS, ROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from onehandler.handler import Handler

    Run = Callable[..., Result]

OTHER = [6.3, 2.5, 5.0, 1.9]


@pytest.fixture
def expected(iris: Handler) -> list[Any]:
    """What the handler answers ROW and OTHER."""
    return named_rows(iris.signature, iris.predict(tensors_from_rows(iris.signature, [ROW, OTHER])))


def lines(found: Result) -> list[Any]:
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_answers_a_csv_file_row_by_row(
    iris_bundle: str, run: Run, tmp_path: Path, expected: list[Any]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("".join(",".join(map(str, cells)) + "\n" for cells in (COLUMNS, ROW, OTHER)))
    found = run("predict", iris_bundle, "--rows", rows)
    assert found.exit_code == 0
    assert lines(found) == [{"row": n, "prediction": each} for n, each in enumerate(expected, 1)]


@pytest.mark.parametrize("row", [ROW, dict(zip(COLUMNS, ROW, strict=True))])
def test_answers_one_row_as_array_or_object(
    row: object, iris_bundle: str, run: Run, expected: list[Any]
) -> None:
    found = run("predict", iris_bundle, "--row", json.dumps(row, indent=1))
    assert lines(found) == [{"row": 1, "prediction": expected[0]}]


def test_answers_json_lines_on_standard_input(iris_bundle: str, run: Run, expected: list[Any]) -> None:
    found = run("predict", iris_bundle, "--json", stdin=f"{json.dumps(ROW)}\n{json.dumps(OTHER)}\n")
    assert [each["prediction"] for each in json.loads(found.stdout)["results"]] == expected


def test_a_row_that_cannot_be_answered_gets_its_error(iris_bundle: str, run: Run) -> None:
    found = run("predict", iris_bundle, stdin=f"[1]\n{json.dumps(ROW)}\n")
    assert found.exit_code == 1
    first, second = lines(found)
    assert first == {"row": 1, "error": "has 1 values, the model takes 4"}
    assert second["prediction"]["label"] in (0, 1, 2)


def test_an_archive_answers_like_its_folder(
    iris_bundle: str, run: Run, tmp_path: Path, expected: list[Any]
) -> None:
    pack(Path(iris_bundle), tmp_path / "iris.tar.gz")
    found = run("predict", tmp_path / "iris.tar.gz", "--row", json.dumps(ROW))
    assert lines(found)[0]["prediction"] == expected[0]


def test_refuses_what_it_cannot_read(iris_bundle: str, run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.xlsx"
    rows.touch()
    both = run("predict", iris_bundle, "--rows", rows, "--row", "[1]")
    unknown = run("predict", iris_bundle, "--rows", rows)
    assert (both.exit_code, unknown.exit_code) == (2, 2)
    assert "not both" in both.stderr
    assert ".csv, .jsonl" in unknown.stderr


def test_a_csv_without_a_column_is_refused_as_a_whole(iris_bundle: str, run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("sepal length\n1\n")
    found = run("predict", iris_bundle, "--rows", rows)
    assert found.exit_code == 2
    assert "'sepal width'" in found.stderr
