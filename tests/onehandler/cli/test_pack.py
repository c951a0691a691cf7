"""`onehandler pack`: one file that is the same bundle."""

import json
from pathlib import Path

from click.testing import CliRunner

from onehandler.bundle import Bundle
from onehandler.cli.main import cli
from tests.bundles import build


def test_a_packed_bundle_is_the_same_bundle(tmp_path: Path) -> None:
    folder = build("iris", tmp_path)
    told = CliRunner().invoke(cli, ["pack", folder, "--json"], catch_exceptions=False)
    archive = json.loads(told.stdout)["archive"]
    assert archive == f"{folder}.tar.gz"
    assert Bundle.load(archive).digest == Bundle.load(folder).digest
    first = Path(archive).read_bytes()
    CliRunner().invoke(cli, ["pack", folder, "--out", str(tmp_path / "again.tar.gz")], catch_exceptions=False)
    assert (tmp_path / "again.tar.gz").read_bytes() == first
