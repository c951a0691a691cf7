"""checkov's policies over what is deployed: every finding is mended, or named here with its reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.manifests.rendering import IAC, rendered

CHECKOV = Path(sys.executable).with_name("checkov")
ACCEPTED = {
    "CKV_K8S_15": "tags are never reused, so a node's copy is as good as the registry's",
    "CKV_K8S_43": "whoever deploys says the digest, in an overlay's images",
    "CKV_DOCKER_7": "the tag is in the ARG above FROM, which the check doesn't follow",
}


def failed(path: Path, framework: str) -> set[str]:
    """Ids of failed checks, by checkov without its service and without anything fetched."""
    where = ["--directory", str(path)] if path.is_dir() else ["--file", str(path)]
    done = subprocess.run(
        [CHECKOV, *where, "--framework", framework, "--output", "json", "--quiet", "--skip-download"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
    )
    found = json.loads(done.stdout)
    assert found["summary"]["passed"] >= 5, done.stderr
    return {check["check_id"] for check in found["results"]["failed_checks"]}


@pytest.mark.parametrize("overlay", ["production", "queue-depth", "model-volume"])
def test_what_kubernetes_gets(overlay: str, tmp_path: Path) -> None:
    objects = rendered(IAC / "kubernetes" / "overlays" / overlay)
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(objects))
    assert failed(tmp_path, "kubernetes") <= ACCEPTED.keys()


def test_what_cloudformation_gets() -> None:
    assert failed(IAC / "sagemaker" / "endpoint.yaml", "cloudformation") <= ACCEPTED.keys()


def test_what_the_image_is_built_from() -> None:
    assert failed(IAC.parent / "functions" / "container" / "Dockerfile", "dockerfile") <= ACCEPTED.keys()


def test_a_privileged_pod_is_found(tmp_path: Path) -> None:
    objects = rendered(IAC / "kubernetes" / "overlays" / "production")
    [deployment] = [each for each in objects if each["kind"] == "Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(objects))
    assert "CKV_K8S_16" in failed(tmp_path, "kubernetes")
