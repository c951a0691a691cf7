"""models.json and folders: what they may say, what they may not."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from onehandler import models
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.models.layout import order, read_layout

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "a" * 64


def folder(root: Path, *versions: str, **configuration: Any) -> str:
    for version in versions:
        (root / version).mkdir(parents=True)
    if configuration:
        (root / "models.json").write_text(json.dumps(configuration))
    return str(root)


def test_folders_alone_tell_models_and_versions(tmp_path: Path) -> None:
    layout = read_layout(
        folder(tmp_path, "churn/2", "churn/10", "churn/9", "price/1.9", "price/1.10", ".git/x")
    )
    assert {name: list(model.versions) for name, model in layout.models.items()} == {
        "churn": ["2", "9", "10"],
        "price": ["1.9", "1.10"],
    }
    assert [model.default for model in layout.models.values()] == ["10", "1.10"]
    assert layout.default == ""


def test_the_only_model_is_the_default(tmp_path: Path) -> None:
    assert read_layout(folder(tmp_path, "churn/1")).default == "churn"


def test_versions_sort_as_people_count() -> None:
    mixed = ["10", "2024-01-10", "1.0", "2", "1", "2024-01-02", "1.0-rc2"]
    assert sorted(mixed, key=order) == ["1", "1.0-rc2", "1.0", "2", "10", "2024-01-02", "2024-01-10"]


def test_the_configuration_decides(tmp_path: Path) -> None:
    told = {
        "default": "2",
        "labels": {"stable": "1"},
        "versions": {"2": {"location": "s3://bucket/churn/2", "digest": DIGEST}, "1": {}},
    }
    layout = read_layout(
        folder(tmp_path, "churn/1", "churn/3", "other/1", default="churn", models={"churn": told})
    )
    (churn,) = layout.models.values()
    assert layout.default == "churn"
    assert list(churn.versions) == ["1", "2"]  # 3 and `other` lie there, and nobody named them
    assert churn.versions["2"].location == "s3://bucket/churn/2"
    assert churn.versions["2"].digest == DIGEST
    assert churn.versions["1"].location == f"{tmp_path}/churn/1"
    assert churn.labels == {"stable": "1"}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([], "must be an object"),
        ({"more": 1}, "unknown"),
        ({"default": "price"}, "names no model"),
        ({"default": ["churn"]}, "names no model"),
        ({"models": []}, "must be an object"),
        ({"models": {"../up": {}}}, "letters"),
        ({"models": {"a\nb": {}}}, "letters"),
        ({"models": {"churn": {"versions": {"../../etc": {}}}}}, "letters"),
        ({"models": {"churn": {"versions": {"1": {"digest": "abc"}}}}}, "sha256"),
        ({"models": {"churn": {"versions": {"1": {"location": 5}}}}}, "folder"),
        ({"models": {"churn": {"versions": {"1": {"more": 5}}}}}, "unknown"),
        ({"models": {"churn": {"default": "7"}}}, "none of these: 1"),
        ({"models": {"churn": {"default": None}}}, "none of these"),
        ({"models": {"churn": {"labels": {"x": "7"}}}}, "none of these: 1"),
        ({"models": {"churn": {"labels": {"x": ["7"]}}}}, "none of these: 1"),
        ({"models": {"churn": {"split": {"7": 1}}}}, "none of these: 1"),
        ({"models": {"churn": {"split": {"1": 0}}}}, "more than 0"),
        ({"models": {"churn": {"split": {"1": -1}}}}, "whole number"),
        ({"models": {"churn": {"split": {"1": 0.5}}}}, "whole number"),
        ({"models": {"churn": {"split": {"1": True}}}}, "whole number"),
        ({"models": {"churn": {"split": {"1": 1}, "default": "1"}}}, "both"),
        ({"models": {"churn": {"sticky": "x-user"}}}, "split"),
        ({"models": {"churn": {"split": {"1": 1}, "sticky": "x: y"}}}, "header"),
        ({"models": {"price": {}}}, "cannot be read"),
    ],
)
def test_nonsense_is_refused_by_name(told: Any, says: str, tmp_path: Path) -> None:
    folder(tmp_path, "churn/1")
    (tmp_path / "models.json").write_text(json.dumps(told))
    with pytest.raises(BundleError, match=says):
        read_layout(str(tmp_path))


@pytest.mark.parametrize(
    "content", [b"{", b'{"models":{},"models":{}}', b'{"a":NaN}', b"\xff", b" " * (1 << 21)]
)
def test_what_is_no_json_is_refused(content: bytes, tmp_path: Path) -> None:
    folder(tmp_path, "churn/1")
    (tmp_path / "models.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"models\.json"):
        read_layout(str(tmp_path))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds no models"):
        read_layout(str(tmp_path))


def test_a_pinned_configuration_pins_its_versions(tmp_path: Path) -> None:
    where = folder(tmp_path, "churn/1", models={"churn": {"versions": {"1": {"digest": DIGEST}}}})
    digest = hashlib.sha256((tmp_path / "models.json").read_bytes()).hexdigest()
    assert read_layout(where, digest).models["churn"].versions["1"].digest == DIGEST
    with pytest.raises(UntrustedBundle, match="pins"):
        read_layout(where, "b" * 64)
    folder(tmp_path, models={"churn": {"versions": {"1": {}}}})
    digest = hashlib.sha256((tmp_path / "models.json").read_bytes()).hexdigest()
    with pytest.raises(UntrustedBundle, match="every version needs one"):
        read_layout(where, digest)
    (tmp_path / "models.json").unlink()
    with pytest.raises(UntrustedBundle, match=r"no models\.json"):
        read_layout(where, digest)


def test_a_bundle_is_no_folder_of_models(tmp_path: Path) -> None:
    assert not models.lie_at(folder(tmp_path / "empty", "a/b"))
    assert not models.lie_at(str(tmp_path / "nowhere"))
    (tmp_path / "a/1").mkdir(parents=True)
    (tmp_path / "a/1/bundle.json").write_text("{}")
    assert models.lie_at(str(tmp_path))
    assert not models.lie_at(str(tmp_path / "a/1"))
