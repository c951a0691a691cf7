"""Modules, files, bytes and instructions from spawn to the first answer of the deployed predict function."""

from __future__ import annotations

import json
import platform
import shutil
from typing import TYPE_CHECKING

import pytest

from onehandler.pythons import this_version
from tests.budgets.ceilings import CEILINGS, keep_to_list, keep_within
from tests.budgets.starts import instructions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.budgets.starts import Deployed, Recorded

START, IMPORTS = CEILINGS["start"], CEILINGS["imports"]
MODULES = {*START["interpreter"], *IMPORTS["ours"], *IMPORTS["standard"]}
on_its_python = pytest.mark.skipif(
    this_version() != START["python"],
    reason=f"totals of tests/budgets.toml are those of Python {START['python']}, this is {this_version()}",
)
VALGRIND = shutil.which("valgrind")


def tops(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_the_answer_is_right(start: Recorded) -> None:
    assert json.loads(start.answer["body"])["predictions"][0]["label"] == 2


@on_its_python
def test_modules(start: Recorded) -> None:
    keep_to_list("start.interpreter", tops(start.modules), tops(MODULES))
    keep_within("start.modules", len(start.modules), start.modules - MODULES)


def test_deployed_files(start: Recorded, deployed: Deployed) -> None:
    keep_to_list("start.deployed_files", deployed.names_of(start.files), START["deployed_files"])


@on_its_python
@pytest.mark.parametrize("budget", ["files", "bytes"])
def test_files(budget: str, start: Recorded, deployed: Deployed) -> None:
    new = deployed.names_of(start.files) - set(START["deployed_files"])
    keep_within(f"start.{budget}", len(start.files) if budget == "files" else start.size, new)


@on_its_python
@pytest.mark.skipif(platform.machine() != "x86_64", reason="start.instructions is counted on x86_64")
@pytest.mark.skipif(VALGRIND is None, reason="start.instructions needs valgrind: apt-get install valgrind")
def test_instructions(start: Recorded, deployed: Deployed) -> None:
    assert VALGRIND is not None
    keep_within("start.instructions", instructions(deployed, VALGRIND), start.modules - MODULES)
