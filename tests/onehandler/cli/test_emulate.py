"""`onehandler emulate`: what it refuses before anything is started."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from onehandler.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

NAME = "123456789012.dkr.ecr.us-east-1.amazonaws.com/models:1"


def emulate(*words: str) -> Result:
    return CliRunner().invoke(cli, ["emulate", "--port", "0", *words])


@pytest.mark.parametrize("given", [NAME, f"{NAME}=", "=folder"])
def test_an_image_is_a_name_and_a_folder(given: str) -> None:
    found = emulate("--image", given)
    assert found.exit_code == 2
    assert f"--image takes URI=FOLDER, got {given!r}" in found.stderr


def test_images_are_not_for_azure(tmp_path: Path) -> None:
    found = emulate("--azure", str(tmp_path), "--image", f"{NAME}={tmp_path}")
    assert found.exit_code == 2
    assert "not run with --azure" in found.stderr


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (None, "is no OCI runtime bundle"),
        ("[]", "is no OCI runtime bundle"),
        ("{", "is no OCI runtime bundle"),
        (
            json.dumps({"process": {"args": ["serve"]}, "root": {"path": "rootfs"}}),
            "has no root file system at",
        ),
        (json.dumps({"process": {"args": 1}, "root": {"path": "rootfs"}}), "is no OCI runtime bundle"),
        (
            json.dumps({"process": {"args": [], "env": ["A"]}, "root": {"path": "."}}),
            "is no OCI runtime bundle",
        ),
    ],
)
def test_what_is_no_bundle_is_told(config: str | None, told: str, tmp_path: Path) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    found = emulate("--image", f"{NAME}={tmp_path}")
    assert found.exit_code not in (0, None)
    assert not isinstance(found.exception, KeyError | TypeError | ValueError)
    assert told in found.stderr
    assert str(tmp_path) in found.stderr
