"""Our manifests against Kubernetes' own schemas, and against what the image and the Pod Security Standards say."""

from __future__ import annotations

import re
from typing import Any

import kubernetes_validate
import pytest

from tests.manifests.rendering import IAC, rendered

FOLDER = IAC / "kubernetes"
OVERLAYS = ["base", *sorted(f"overlays/{path.name}" for path in (FOLDER / "overlays").iterdir())]
VERSIONS = ["1.30", kubernetes_validate.latest_version()]


def of_kind(overlay: str, kind: str) -> dict[str, Any]:
    [found] = [each for each in rendered(FOLDER / overlay) if each["kind"] == kind]
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_its_schema(overlay: str, version: str) -> None:
    found = rendered(FOLDER / overlay)
    assert len(found) >= 5
    for each in found:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_misspelled_field_is_found() -> None:
    deployment = of_kind("base", "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFileSystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_restricted(overlay: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and nothing to write to."""
    pod = of_kind(overlay, "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    for volume in pod["volumes"]:
        assert volume.keys() - {"name"} <= {"emptyDir", "persistentVolumeClaim"}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_it_is_what_the_image_says() -> None:
    dockerfile = (IAC.parent / "functions" / "container" / "Dockerfile").read_text()
    pod = of_kind("base", "Deployment")["spec"]["template"]["spec"]
    user, group = re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)[0]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (
        int(user),
        int(group),
    )
    [container] = pod["containers"]
    [version] = re.findall(r"^ARG VERSION=(.*)$", dockerfile, re.MULTILINE)
    assert container["image"] == f"onehandler:{version}"
    assert f"EXPOSE {container['ports'][0]['containerPort']}" in dockerfile


def test_selectors_meet_the_pods() -> None:
    labels = of_kind("base", "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert of_kind("base", "Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("base", "Service")["spec"]["selector"] == labels
    assert of_kind("base", "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("base", "NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels


def test_there_is_time_to_end() -> None:
    from_adapter = (IAC.parent / "adapters" / "sagemaker.py").read_text()
    [drain] = re.findall(r"^_DRAIN = ([\d.]+)", from_adapter, re.MULTILINE)
    pod = of_kind("base", "Deployment")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > waits + float(drain) + 2


def test_the_queue_that_scales_is_one_that_is_counted() -> None:
    metrics = of_kind("overlays/queue-depth", "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert [metric["type"] for metric in metrics] == ["Resource", "Pods"]
    exposition = (IAC.parent / "onehandler" / "serving" / "exposition.py").read_text()
    name = metrics[1]["pods"]["metric"]["name"]
    assert f'"{name.removeprefix("onehandler_")}"' in exposition
    annotations = of_kind("overlays/queue-depth", "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == "/metrics"
