"""Bundles that take images and texts, deployed with the layers that they need, and without."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import requests

from examples.demo import deployment
from tests import bundles, prepared
from tests.deployment.conftest import ROOT
from tests.prepared import base64_of, encoded, plain

OSLS = str(ROOT / "node_modules" / ".bin" / "osls")
PNG = encoded(plain())


@pytest.fixture
def deployed_with(aws: str, service: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Deploy a bundle in a stage of its own with these parameters; gives its address. Removed in the end."""
    stages = []
    environ = deployment.environment(aws)

    def deploy(name: str, *parameters: str) -> str:
        stage = f"prep-{name}"
        words = [
            OSLS,
            "deploy",
            "--stage",
            stage,
            *deployment.parameters(Path(bundles.build(name, tmp_path))),
        ]
        done = subprocess.run(
            [*words, *parameters], env=environ, cwd=service, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        stages.append(stage)
        stacks = boto3.client("cloudformation").describe_stacks(StackName=f"onehandler-{stage}")["Stacks"]
        found = {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}
        host = urlsplit(found["HttpApiUrl"]).hostname or ""
        return f"{aws}/_api/{host.partition('.')[0]}"

    yield deploy
    for stage in stages:
        subprocess.run(
            [OSLS, "remove", "--stage", stage], env=environ, cwd=service, check=True, capture_output=True
        )


def test_images(deployed_with) -> None:  # type: ignore[no-untyped-def]
    api = deployed_with("photo", "--param=image=true")
    answer = requests.post(f"{api}/predict", data=PNG, headers={"content-type": "image/png"}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"][0]["strongest"] == 0
    again = requests.post(f"{api}/predict", json={"rows": [base64_of(PNG)]}, timeout=60)
    assert again.json() == answer.json()
    npy = {"content-type": "application/x-image", "accept": "application/x-npy"}
    array = requests.post(f"{api}/invocations", data=PNG, headers=npy, timeout=60)
    assert array.content.startswith(b"\x93NUMPY")
    broken = requests.post(f"{api}/predict", data=PNG[:40], headers={"content-type": "image/png"}, timeout=60)
    assert broken.status_code == 422


def test_texts(deployed_with) -> None:  # type: ignore[no-untyped-def]
    api = deployed_with("review", "--param=text=true")
    text = {"content-type": "text/plain"}
    answer = requests.post(f"{api}/predict", data="the film is Łódź".encode(), headers=text, timeout=60)
    assert answer.json()["predictions"] == [{"total": 2 + 7 + 6 + 8 + 9 + 3, "length": 6}]
    assert prepared.WORDS.index("Łódź") == 9
