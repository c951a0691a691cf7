"""Modules, files, bytes and instructions from spawn to the first answer of the deployed predict function."""

from __future__ import annotations

import json
import platform
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.budgets.ceilings import CEILINGS, keep_to_list, keep_within
from tests.budgets.starts import instructions

if TYPE_CHECKING:
    from tests.budgets.starts import Deployed, Recorded

EMPTY = CEILINGS["empty"]
MODULES = {*CEILINGS["imports"]["ours"], *CEILINGS["imports"]["standard"]}
FILES = set(CEILINGS["start"]["deployed_files"])
VALGRIND = shutil.which("valgrind")


def test_the_answer_is_right(start: Recorded) -> None:
    assert json.loads(start.answer["body"])["predictions"][0]["label"] == 2


@pytest.fixture(scope="module")
def new(start: Recorded, empty_start: Recorded, deployed: Deployed) -> set[str]:
    """Modules and deployed files that no list has: what is told when a count is over its ceiling."""
    return (start.modules - empty_start.modules - MODULES) | (deployed.names_of(start.files) - FILES)


def test_modules(start: Recorded, empty_start: Recorded, new: set[str]) -> None:
    keep_to_list("imports.ours", start.modules - empty_start.modules, MODULES)
    keep_within("start.modules", len(start.modules), new, len(empty_start.modules) - EMPTY["modules"])


def test_files(start: Recorded, empty_start: Recorded, deployed: Deployed, new: set[str]) -> None:
    keep_to_list("start.deployed_files", deployed.names_of(start.files), FILES)
    keep_within("start.files", len(start.files), new, len(empty_start.files) - EMPTY["files"])


def test_bytes(start: Recorded, empty_start: Recorded, new: set[str]) -> None:
    keep_within("start.bytes", start.size, new, empty_start.size - EMPTY["bytes"])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="start.instructions is counted on x86_64")
@pytest.mark.skipif(VALGRIND is None, reason="start.instructions needs valgrind: apt-get install valgrind")
def test_instructions(deployed: Deployed, empty: Deployed, new: set[str]) -> None:
    assert VALGRIND is not None
    moved = instructions(empty, VALGRIND) - EMPTY["instructions"]
    keep_within("start.instructions", instructions(deployed, VALGRIND), new, moved)
