"""What goes into an archive: one bundle or several models, and what no archive of ours can serve."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layers.function import FUNCTIONS, build_function
from layers.served import contents_of, scored
from onehandler.errors import BundleError, SettingsError
from onehandler.pythons import this_version
from tests import bundles

if TYPE_CHECKING:
    from tests.layers.conftest import Isolated

_ASK = """
import json
from functions.predict import handler
class Context:
    function_name = "f"; memory_limit_in_mb = "1769"; aws_request_id = "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:1:function:f"
for path in ("/predict/iris/1", "/predict/iris", "/predict"):
    event = {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"content-type": "application/json"},
             "requestContext": {"http": {"method": "POST", "path": path}, "requestId": "1", "stage": "$default"},
             "body": json.dumps({"rows": [[5.1, 3.5, 1.4, 0.2]]}), "isBase64Encoded": False}
    result = handler(event, Context())
    print("RESULT", path, result["statusCode"], result["headers"]["onehandler-version"])
"""


@pytest.fixture
def several(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for version in ("1", "2"):
        made = bundles.build("iris", tmp_path / "building", version=version)
        (root / "iris").mkdir(parents=True, exist_ok=True)
        shutil.move(made, root / "iris" / version)
    return root


def test_predict_serves_several_models_from_its_archive(
    several: Path, archives: dict[str, Path], unpacked: dict[str, Path], isolated: Isolated, tmp_path: Path
) -> None:
    layers = {
        name.removeprefix("layer-"): path for name, path in archives.items() if name.startswith("layer-")
    }
    archive = build_function(FUNCTIONS["predict"], several, this_version(), layers, tmp_path)
    code = tmp_path / "task"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(code)
    output = isolated(
        _ASK, code, LAMBDA_TASK_ROOT=str(code), LD_LIBRARY_PATH=str(unpacked["layer-onnx"] / "lib")
    )
    answers = [line.split()[1:] for line in output.splitlines() if line.startswith("RESULT")]
    assert answers == [
        ["/predict/iris/1", "200", "1"],
        ["/predict/iris", "200", "2"],
        ["/predict", "200", "2"],
    ]


def test_batch_takes_the_default_models_default_version(several: Path) -> None:
    assert scored(several) == several / "iris" / "2"
    (several / "models.json").write_text(json.dumps({"models": {"iris": {"default": "1"}}}))
    assert scored(several) == several / "iris" / "1"
    assert scored(several / "iris" / "1") == several / "iris" / "1"


def test_batch_needs_a_default_model(several: Path) -> None:
    shutil.copytree(several / "iris", several / "other")
    with pytest.raises(SettingsError, match="none is the default"):
        scored(several)


def test_every_version_is_verified_and_part_of_the_digest(several: Path) -> None:
    before = contents_of(several).digest
    (several / "models.json").write_text("{}")
    assert contents_of(several).digest != before
    (several / "iris" / "1" / "stranger").touch()
    with pytest.raises(BundleError, match="stranger"):
        contents_of(several)


def test_a_version_elsewhere_on_this_machine_is_refused(several: Path) -> None:
    told = {
        "iris": {
            "versions": {"1": {"location": "/srv/iris"}, "2": {"location": "s3://bucket/iris/" + "a" * 64}}
        }
    }
    (several / "models.json").write_text(json.dumps({"models": told}))
    with pytest.raises(SettingsError, match="outside"):
        contents_of(several)


def test_an_estimator_kept_as_it_is_is_refused_by_name(tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path, runtime="joblib"))
    with pytest.raises(SettingsError, match="container whose image has it"):
        contents_of(bundle)
