"""What `kubectl kustomize` makes of our overlays, as far as they use it: resources, JSON patches, namespace, images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonpatch
import yaml

IAC = Path(__file__).parents[2] / "iac"
_KNOWN = {"apiVersion", "kind", "resources", "patches", "namespace", "images"}


def rendered(folder: Path) -> list[dict[str, Any]]:
    """All objects of an overlay; anything else in a kustomization than what is known here is an error."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(told) <= _KNOWN, set(told) - _KNOWN
    found: list[dict[str, Any]] = []
    for name in told["resources"]:
        path = folder / name
        found += rendered(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    for patch in told.get("patches", []):
        [target] = [each for each in found if _is(each, patch["target"])]
        jsonpatch.apply_patch(target, yaml.safe_load(patch["patch"]), in_place=True)
    for each in found:
        if "namespace" in told and each["kind"] != "Namespace":
            each["metadata"]["namespace"] = told["namespace"]
        for image in told.get("images", []):
            for container in _containers(each):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['name']}:{image['newTag']}"
    return found


def _is(found: dict[str, Any], target: dict[str, str]) -> bool:
    return (found["kind"], found["metadata"]["name"]) == (target["kind"], target["name"])


def _containers(found: dict[str, Any]) -> list[dict[str, Any]]:
    containers: list[dict[str, Any]] = (
        found.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    )
    return containers
