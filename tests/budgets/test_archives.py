"""How much of our own code each function archive holds."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from layers.function import FUNCTIONS
from tests.budgets.ceilings import keep_within

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 13), reason="the ceilings are of Python 3.13's bytecode; 3.11's is larger"
)
@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_our_code_keeps_its_budget(name: str, archives: dict[str, Path]) -> None:
    with zipfile.ZipFile(archives[name]) as opened:
        sizes = [each.file_size for each in opened.infolist() if not each.filename.startswith("bundle/")]
    keep_within(f"archive.{name}", sum(sizes))
