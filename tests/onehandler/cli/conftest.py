"""The command in this process, and a small bundle to run it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from onehandler.cli.main import cli
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def run() -> Callable[..., Result]:
    """`run("predict", folder, input="[1]")`: exit code, standard output and standard error."""

    def invoke(*words: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words], input=stdin, prog_name="onehandler")

    return invoke


@pytest.fixture
def iris_bundle(tmp_path: Path) -> str:
    """A folder with the bundle "iris"."""
    return bundles.build("iris", tmp_path / "built")
