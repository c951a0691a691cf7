"""Vertex AI's and Cloud Run's manifests against Google's discovery documents, Azure ML's by its own classes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache
import pytest
import yaml

from tests.manifests.rendering import IAC

DOCUMENTS = Path(googleapiclient.discovery_cache.__file__).parent / "documents"


def schemas(api: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCUMENTS / f"{api}.json").read_text())["schemas"]
    return found


PLAIN = {"string": (str,), "integer": (int,), "boolean": (bool,), "number": (int, float)}


def check(value: Any, schema: dict[str, Any], known: dict[str, Any], where: str) -> None:
    """Every member is one that the document knows, of the type that it says."""
    schema = known[schema["$ref"]] if "$ref" in schema else schema
    kind = schema["type"]
    if kind == "object":
        assert isinstance(value, dict), where
        for name, member in value.items():
            found = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert found is not None, f"{where}: no such member as {name}"
            check(member, found, known, f"{where}.{name}")
    elif kind == "array":
        assert isinstance(value, list), where
        for number, member in enumerate(value):
            check(member, schema["items"], known, f"{where}[{number}]")
    else:
        assert kind == "any" or type(value) in PLAIN[kind], where
        assert value in schema.get("enum", [value]), where


def read(name: str) -> Any:
    return yaml.safe_load((IAC / name).read_text())


@pytest.mark.parametrize(
    ("name", "api", "schema"),
    [
        ("vertex/model.yaml", "aiplatform.v1", "GoogleCloudAiplatformV1UploadModelRequest"),
        ("vertex/deploy.yaml", "aiplatform.v1", "GoogleCloudAiplatformV1DeployModelRequest"),
        ("cloudrun/service.yaml", "run.v1", "Service"),
    ],
)
def test_googles_own_documents_know_every_member(name: str, api: str, schema: str) -> None:
    known = schemas(api)
    check(read(name), known[schema], known, name)


def test_a_misspelled_member_is_found() -> None:
    known = schemas("run.v1")
    service = read("cloudrun/service.yaml")
    service["spec"]["template"]["spec"]["timeoutSecond"] = 1
    with pytest.raises(AssertionError, match="timeoutSecond"):
        check(service, known["Service"], known, "service")


# In a process of its own: Azure's packages warn of each other.
READ_BY_AZURE = """
import json, sys
from azure.ai.ml import load_environment, load_online_deployment, load_online_endpoint
folder = sys.argv[1]
environment = load_environment(f"{folder}/environment.yml")
endpoint = load_online_endpoint(f"{folder}/endpoint.yml")
deployment = load_online_deployment(f"{folder}/deployment.yml")
print(json.dumps({
    "scoring": dict(environment.inference_config["scoringRoute"]),
    "environment": f"{environment.name}:{environment.version}",
    "endpoint": endpoint.name,
    "of": [deployment.environment, deployment.endpoint_name],
    "timeout": deployment.request_settings.request_timeout_ms,
}))
"""


def read_by_azure(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ_BY_AZURE, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_azure_mls_own_classes_read_them() -> None:
    done = read_by_azure(IAC / "azureml")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["scoring"] == {"path": "/score", "port": 8080}
    assert found["of"] == [found["environment"], found["endpoint"]]
    assert found["timeout"] == 60_000


def test_azure_mls_own_classes_refuse_what_is_misspelled(tmp_path: Path) -> None:
    shutil.copytree(IAC / "azureml", tmp_path, dirs_exist_ok=True)
    deployment = tmp_path / "deployment.yml"
    deployment.write_text(deployment.read_text().replace("request_timeout_ms", "request_timeout"))
    done = read_by_azure(tmp_path)
    assert done.returncode != 0
    assert "request_timeout" in done.stderr
