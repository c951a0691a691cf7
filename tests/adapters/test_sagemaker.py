"""What each platform says through the environment, and what the container makes of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from adapters.sagemaker import Container, found_bundle, port_of
from onehandler.errors import SettingsError
from tests import bundles

if TYPE_CHECKING:
    from pathlib import Path

ALL = {"SAGEMAKER_BIND_TO_PORT": "1", "PORT": "2", "AIP_HTTP_PORT": "3", "SPACE_ID": "me/mine"}


@pytest.mark.parametrize(
    ("environ", "port"),
    [
        ({}, 8080),
        (ALL, 1),
        ({name: ALL[name] for name in ("PORT", "AIP_HTTP_PORT", "SPACE_ID")}, 2),
        ({name: ALL[name] for name in ("AIP_HTTP_PORT", "SPACE_ID")}, 3),
        ({"SPACE_ID": "me/mine"}, 7860),
        ({"SAGEMAKER_BIND_TO_PORT": "", "PORT": "2"}, 2),
    ],
)
def test_the_first_variable_that_is_set_is_the_port(environ: dict[str, str], port: int) -> None:
    assert port_of(environ) == port


@pytest.mark.parametrize("text", ["http", "-1", "65536", "8080.0", "١٢"])
def test_a_port_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="65,535") as caught:
        port_of({"PORT": text})
    assert caught.value.where == "PORT"


def told(path: Path, **environ: str) -> dict[str, str]:
    return dict(Container.of({"ONEHANDLER_BUNDLE": str(path), **environ}).environ)


def test_what_platforms_say_is_said_to_the_server(tmp_path: Path) -> None:
    found = told(tmp_path, AIP_PREDICT_ROUTE="/p", AIP_HEALTH_ROUTE="/h", HOME="/x")
    assert found["ONEHANDLER_PREDICT_PATH"] == "/p"
    assert found["ONEHANDLER_HEALTH_PATH"] == "/h"
    assert found["HOME"] == "/x"
    assert (found["ONEHANDLER_TIMEOUT_S"], found["ONEHANDLER_MAX_BODY_MB"]) == ("60", "25")


def test_what_is_said_to_us_goes_before_what_is_said_to_all(tmp_path: Path) -> None:
    theirs = {"SAGEMAKER_MODEL_SERVER_TIMEOUT": "5", "SAGEMAKER_MODEL_SERVER_WORKERS": "3"}
    assert told(tmp_path, **theirs)["ONEHANDLER_TIMEOUT_S"] == "5"
    assert told(tmp_path, **theirs, ONEHANDLER_TIMEOUT_S="7")["ONEHANDLER_TIMEOUT_S"] == "7"
    bundle = {"ONEHANDLER_BUNDLE": str(tmp_path)}
    assert Container.of({**bundle, **theirs}).workers == 3
    assert Container.of({**bundle, **theirs, "ONEHANDLER_WORKERS": "4"}).workers == 4
    assert Container.of(bundle).workers == 0


@pytest.mark.parametrize(("said", "taken"), [("6", "6"), ("0", "100")])
def test_a_transform_job_has_its_own_limits(said: str, taken: str, tmp_path: Path) -> None:
    found = told(tmp_path, SAGEMAKER_BATCH="true", SAGEMAKER_MAX_PAYLOAD_IN_MB=said)
    assert (found["ONEHANDLER_TIMEOUT_S"], found["ONEHANDLER_MAX_BODY_MB"]) == ("3600", taken)
    assert told(tmp_path, SAGEMAKER_BATCH="true", ONEHANDLER_TIMEOUT_S="9")["ONEHANDLER_TIMEOUT_S"] == "9"


def test_a_bundle_lies_in_the_model_folder(tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path)
    for folder in (bundle, str(tmp_path)):  # itself, or the only one in it
        assert found_bundle({"SM_MODEL_DIR": folder}) == bundle
    assert found_bundle({"SM_MODEL_DIR": str(tmp_path / "none"), "AZUREML_MODEL_DIR": bundle}) == bundle
    assert found_bundle({"SM_MODEL_DIR": bundle, "ONEHANDLER_BUNDLE": "s3://b/p/d"}) == "s3://b/p/d"


def test_an_archive_lies_in_the_model_folder(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"")
    assert found_bundle({"SM_MODEL_DIR": str(tmp_path)}) == str(tmp_path / "model.tar.gz")


def test_several_models_lie_in_the_model_folder(tmp_path: Path) -> None:
    for name in ("iris", "wide"):
        os.renames(bundles.build(name, tmp_path / "new"), tmp_path / "models" / name / "1")
    assert found_bundle({"SM_MODEL_DIR": str(tmp_path / "models")}) == str(tmp_path / "models")


def test_two_bundles_are_one_too_many(tmp_path: Path) -> None:
    for name in ("iris", "wide"):
        bundles.build(name, tmp_path)
    with pytest.raises(SettingsError, match="2 bundles; say which by ONEHANDLER_BUNDLE"):
        found_bundle({"SM_MODEL_DIR": str(tmp_path)})


def test_where_it_was_looked_for_is_said(tmp_path: Path) -> None:
    environ = {"SM_MODEL_DIR": str(tmp_path), "AIP_STORAGE_URI": "gs://bucket/model"}
    with pytest.raises(SettingsError, match="Cloud Storage aren't fetched") as caught:
        found_bundle(environ)
    assert str(tmp_path) in str(caught.value)


def test_models_of_a_platform_have_one_worker_and_no_bundle() -> None:
    found = Container.of({"SAGEMAKER_MULTI_MODEL": "true", "ONEHANDLER_WORKERS": "4"})
    assert (found.workers, found.bundle, found.several) == (1, "", True)
    assert int(found.environ["ONEHANDLER_MODELS_MB"]) > 0, "a share of this machine's memory"
    said = Container.of({"SAGEMAKER_MULTI_MODEL": "true", "ONEHANDLER_MODELS_MB": "7"})
    assert said.environ["ONEHANDLER_MODELS_MB"] == "7"
