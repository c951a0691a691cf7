"""The table of commands, its help, and how refusals are told."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from onehandler.cli.main import COMMANDS
from onehandler.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

HEAVY = ("boto3", "fastapi", "joblib", "layers", "local_emulator", "moto", "numpy", "onnx", "pandas", "rich")
HEAVY += ("skl2onnx", "sklearn", "uvicorn")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    done = python(
        "import sys\n"
        "from onehandler.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        f"print(sorted(set({HEAVY!r}) & sys.modules.keys()), file=sys.stderr)"
    )
    assert done.stderr.strip() == "[]"
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_teaches_with_an_example_and_imports_nothing_heavy(name: str, run: Run) -> None:
    found = run(name, "--help")
    assert found.exit_code == 0
    assert re.search(rf"^  onehandler {name}", found.stdout, re.MULTILINE)
    module = COMMANDS[name].module
    done = python(f"import sys, {module}\nprint(sorted(set({HEAVY!r}) & sys.modules.keys()))")
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_names_modules_that_hold_a_command_of_that_name(name: str) -> None:
    assert import_module(COMMANDS[name].module).command.name == name


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("biuld", "did you mean 'build'?"), ("predcit", "did you mean 'predict'?"), ("xyz", "there are build,")],
)
def test_an_unknown_command_is_told_what_there_is(typed: str, hint: str, run: Run) -> None:
    found = run(typed)
    assert found.exit_code == 2
    assert hint in found.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build"], "Missing argument 'MODEL'"),
        (["inspect", "nowhere"], "'nowhere' does not exist"),
        (["serve", ".", "--port", "70000"], "70000 is not in the range"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_done(words: list[str], message: str, run: Run) -> None:
    found = run(*words)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert message in found.stderr


def test_a_refusal_is_one_line_on_standard_error(run: Run, tmp_path: Path) -> None:
    found = run("inspect", tmp_path)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert found.stderr.startswith(f"error: {tmp_path}: no bundle here")
    assert found.stderr.count("\n") == 1


def test_debug_shows_the_error_as_it_was_raised(run: Run, tmp_path: Path) -> None:
    assert isinstance(run("--debug", "inspect", tmp_path).exception, BundleError)


def test_a_package_that_is_missing_is_named_with_the_extra_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").touch()
    (tmp_path / "rows.csv").write_text("a\n1\n2\n3\n4\n5\n")
    words = ["build", str(tmp_path / "model.joblib"), "--sample", str(tmp_path / "rows.csv"), "--name", "m"]
    for blocked in ("pandas", "skl2onnx"):
        done = python(
            "import sys\n"
            f"sys.modules[{blocked!r}] = None\n"  # importing it now fails as if it were not installed
            "from onehandler.cli.main import cli\n"
            f"cli({words!r})"
        )
        assert done.returncode == 2, done.stderr
        assert f"needs the package '{blocked}" in done.stderr  # or one of its modules
        assert "pip install 'onehandler[build]'" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_module_runs_as_a_process_without_colours(iris_bundle: str) -> None:
    command = [sys.executable, "-m", "onehandler.cli.main"]
    done = subprocess.run([*command, "inspect", iris_bundle], capture_output=True, text=True, check=True)
    assert "iris version 1" in done.stdout
    assert done.stderr == ""
    refused = subprocess.run([*command, "inspect", "/"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
    assert "\x1b" not in done.stdout + refused.stderr
