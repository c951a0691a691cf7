"""A request takes at most three times the memory of its body, which is among that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile.memory_cases import ANSWERED, BEYOND, REFUSED, SIZE

if TYPE_CHECKING:
    from pathlib import Path

MOST = 3 + 2 * 1024 * 1024 / SIZE  # times the body, and 2 MB by which two runs may differ


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("memory")
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.memory", str(folder)],
        env={
            **os.environ,
            "MALLOC_MMAP_THRESHOLD_": "131072",
        },  # what is large and free is given back at once
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    return {found["name"]: found for found in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", [*ANSWERED, "gzip"])
def test_what_is_answered(name: str, measured: dict[str, dict[str, Any]]) -> None:
    assert measured[name]["status"] == 200
    assert measured[name]["times"] <= MOST


def test_little_is_kept_after_all_of_it(measured: dict[str, dict[str, Any]]) -> None:
    assert measured["left"]["bytes"] <= SIZE  # of some sixty such bodies: free space between what is held


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, measured: dict[str, dict[str, Any]]) -> None:
    assert 400 <= measured[name]["status"] < 500
    assert measured[name]["times"] <= MOST


@pytest.mark.parametrize("name", BEYOND)
def test_what_takes_more(name: str, measured: dict[str, dict[str, Any]]) -> None:
    assert measured[name]["status"] == 200
    assert MOST < measured[name]["times"] <= BEYOND[name][2]
