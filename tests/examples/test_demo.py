"""The demo runs start to end, says what it did, and leaves nothing running."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demo_does_the_main_job_and_cleans_up() -> None:
    assert_plays(
        "examples.demo",
        "off",
        "AWS endpoint http://127.0.0.1:",
        "$ curl -X POST http://127.0.0.1:",
        '"label": "malignant"',
        "571 results in input order",
        "row=100, ",
        '"predicted": 569, "failed": 2',
    )


def test_sagemakers_demo_does_all_three_and_cleans_up() -> None:
    """In this file, as both write build/demo."""
    assert_plays(
        "examples.demo_sagemaker",
        "endpoint demo is InService",
        '["malignant","benign"]',
        '{"rows": 569, "transformed": 569, "answered later": 569}',
    )


def test_azures_demo_does_the_main_job_and_cleans_up() -> None:
    """In this file, too, for the same reason."""
    assert_plays(
        "examples.demo_azure",
        "app.zip ",
        '"label": "malignant"',
        "571 results in input order",
        "row=300, ",
        '"predicted": 569, "failed": 2',
    )


def assert_plays(module: str, *told: str) -> None:
    """The demo ends well, says all of it, and no process that it started still runs."""
    mark = {"ONEHANDLER_TEST_MARK": f"{module}-{os.getpid()}"}
    path = f"{ROOT / 'node_modules' / '.bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **mark, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for each in (*told, "nothing is left running"):
        assert each in done.stdout, f"{each!r} is not in\n{done.stdout}"
    assert _processes_with(mark) == []


def _processes_with(mark: dict[str, str]) -> list[str]:
    """Processes that inherited the mark and still run."""
    [(name, value)] = mark.items()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if f"{name}={value}".encode() in (entry / "environ").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found
