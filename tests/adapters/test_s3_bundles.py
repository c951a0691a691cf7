"""A bundle pushed to the emulator's S3 by the command, and served from there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner

from onehandler import signing_keys
from onehandler.bundle import Bundle
from onehandler.cli.main import cli
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from click.testing import Result


def push(folder: str, place: str) -> Result:
    return CliRunner().invoke(cli, ["push", folder, place, "--json"], prog_name="onehandler")


@pytest.fixture
def bucket(aws: str) -> str:
    boto3.client("s3").create_bucket(Bucket="pushed-models")
    return "pushed-models"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return bundles.build("iris", tmp_path / "built", files={"a b+c.txt": b"hello"})


def test_what_was_pushed_is_served(
    bucket: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = push(folder, f"s3://{bucket}/some/prefix")
    assert result.exit_code == 0, result.output
    location = json.loads(result.stdout)["location"]
    assert location == f"s3://{bucket}/some/prefix/{Bundle.load(folder).digest}"
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    handler = Handler.load(location, Settings(os.environ))
    assert handler.bundle.folder.startswith(str(tmp_path))
    handler.close()


def test_a_signature_goes_along(
    bucket: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsigned = json.loads(push(folder, f"s3://{bucket}/unsigned").stdout)["location"]
    public_key = signing_keys.generate(tmp_path / "key.pem")
    signing_keys.sign(Path(folder), signing_keys.read_key(tmp_path / "key.pem"))
    signed = json.loads(push(folder, f"s3://{bucket}/signed").stdout)["location"]
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    settings = Settings({**os.environ, "ONEHANDLER_PUBLIC_KEY": public_key})
    with pytest.raises(UntrustedBundle, match="has no signature that can be read"):
        Handler.load(unsigned, settings)
    Handler.load(signed, settings).close()


def test_what_was_altered_in_the_bucket_is_refused(
    bucket: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = json.loads(push(folder, f"s3://{bucket}/altered").stdout)["location"]
    s3: Any = boto3.client("s3")
    key = location.partition(f"{bucket}/")[2] + "/model.onnx"
    s3.put_object(Bucket=bucket, Key=key, Body=bytes(Path(folder, "model.onnx").stat().st_size))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(BundleError, match="its sha256 differs"):
        Bundle.load(location)


def test_a_bucket_that_is_not_there_is_said_in_a_line(aws: str, folder: str) -> None:
    result = push(folder, "s3://no-such-bucket-here/models")
    assert result.exit_code == 2
    assert "cannot be uploaded" in result.output
    assert "NoSuchBucket" in result.output
    assert "Traceback" not in result.output
