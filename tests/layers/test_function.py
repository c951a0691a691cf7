"""The function archives: what goes in, what is refused, and that predict answers from nothing but them."""

from __future__ import annotations

import base64
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from layers.function import FUNCTIONS, build_function, reachable
from layers.provided import packages_in
from onehandler.errors import BundleError, SettingsError
from onehandler.pythons import this_version
from tests import bundles
from tests.layers.conftest import Isolated

_ROOT = Path(__file__).parents[2]
_EVENTS = _ROOT / "tests" / "events" / "aws_lambda"
_ANSWER = """
import json, sys
from functions.predict import handler
class Context:
    function_name = "f"; memory_limit_in_mb = "1769"; aws_request_id = "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:1:function:f"
with open(EVENT) as file:
    event = json.load(file)
print("RESULT" + json.dumps(handler(event, Context())))
"""


def _names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def _layers(archives: dict[str, Path]) -> dict[str, Path]:
    return {name.removeprefix("layer-"): path for name, path in archives.items() if name.startswith("layer-")}


@pytest.mark.parametrize(
    ("event", "status", "said"),
    [
        ("http_api", 200, "setosa"),
        ("rest_api", 200, "setosa"),
        ("alb", 200, "setosa"),
        ("http_api_docs", 200, "swagger"),
        ("rest_api_playground", 200, "<html"),
        ("http_api_unknown_path", 404, "nothing"),
    ],
)
def test_predict_answers_from_its_archive_and_layers_alone(
    event: str, status: int, said: str, unpacked: dict[str, Path], isolated: Isolated
) -> None:
    code = unpacked["predict"]
    output = isolated(
        _ANSWER.replace("EVENT", repr(str(_EVENTS / f"{event}.json"))),
        code,
        unpacked["layer-web"] / "python",
        LAMBDA_TASK_ROOT=str(code),
        LD_LIBRARY_PATH=str(unpacked["layer-onnx"] / "lib"),
    )
    result = json.loads(output.partition("RESULT")[2].splitlines()[0])
    body = base64.b64decode(result["body"]).decode() if result["isBase64Encoded"] else result["body"]
    assert (result["statusCode"], said in body) == (status, True), result


def test_predict_holds_what_it_reaches_and_nothing_else(archives: dict[str, Path]) -> None:
    names = _names(archives["predict"])
    assert {"functions/predict.py", "onehandler/handler.py", "onehandler/playground.html"} <= names
    events = {path.name for path in (_ROOT / "adapters/aws_lambda/events").glob("*.py")}
    assert {f"adapters/aws_lambda/events/{name}" for name in events} <= names
    strangers = (
        "onehandler/cli",
        "onehandler/convert",
        "adapters/s3",
        "functions/batch",
        "local_emulator",
        "layers",
    )
    assert not [name for name in names if name.startswith(strangers)]


def test_batch_holds_its_functions_and_no_web_lane(archives: dict[str, Path]) -> None:
    names = _names(archives["batch"])
    assert {
        "functions/batch_plan.py",
        "functions/batch_score.py",
        "functions/batch_sweep.py",
        "adapters/s3/store.py",
    } <= names
    assert not [name for name in names if name.startswith(("adapters/aws_lambda", "onehandler/app"))]


def test_the_bundle_goes_in_as_it_is(archives: dict[str, Path], tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path, files={"handler.py": b"import json\n"}))
    archive = build_function(FUNCTIONS["predict"], bundle, this_version(), _layers(archives), tmp_path)
    with zipfile.ZipFile(archive) as opened:
        inside = {name: opened.read(name) for name in opened.namelist() if name.startswith("bundle/")}
    assert inside == {f"bundle/{path.name}": path.read_bytes() for path in bundle.iterdir()}


def test_two_builds_are_the_same_bytes(archives: dict[str, Path], tmp_path: Path) -> None:
    again = []
    for folder in ("one", "two"):
        bundle = Path(bundles.build("iris", tmp_path / folder))
        again.append(
            build_function(
                FUNCTIONS["predict"], bundle, this_version(), _layers(archives), tmp_path, tmp_path / folder
            ).read_bytes()
        )
    assert again[0] == again[1] == archives["predict"].read_bytes()


def test_an_altered_bundle_is_refused(archives: dict[str, Path], tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path))
    (bundle / "stranger").touch()
    with pytest.raises(BundleError, match="stranger"):
        build_function(FUNCTIONS["predict"], bundle, this_version(), _layers(archives), tmp_path)


def test_a_bundle_that_imports_what_nobody_provides_is_refused(
    archives: dict[str, Path], tmp_path: Path
) -> None:
    bundle = Path(bundles.build("iris", tmp_path, files={"handler.py": b"def f():\n    import torch.nn\n"}))
    with pytest.raises(SettingsError, match=r"handler\.py.*torch.*onnx, web"):
        build_function(FUNCTIONS["predict"], bundle, this_version(), _layers(archives), tmp_path)


@pytest.mark.parametrize(
    ("package", "provided"),
    [("fastapi", True), ("boto3", True), ("json", True), ("aws_lambda_powertools", False), ("numpy", False)],
)
def test_imports_of_ours_must_be_provided(
    package: str, provided: bool, archives: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "__init__.py").touch()
    (tmp_path / "functions" / "predict.py").write_text(f"import {package}\n")
    function = replace(FUNCTIONS["predict"], startup=())
    arguments = (function, tmp_path, this_version(), _layers(archives), {})
    if provided:
        assert len(reachable(*arguments)) == 2
    else:
        with pytest.raises(SettingsError, match=rf"functions\.predict: imports {package}"):
            reachable(*arguments)


def test_layers_provide_what_they_hold(archives: dict[str, Path]) -> None:
    web = packages_in(archives["layer-web"])
    assert {"fastapi", "mangum", "pydantic", "typing_extensions"} <= web
    assert not {"bin", "__pycache__", "aws_lambda_powertools"} & web
    assert packages_in(archives["layer-onnx"]) == {"orjson"}


def test_entries_have_the_layers_that_serverless_yml_gives_them() -> None:
    template = yaml.safe_load((_ROOT / "serverless.yml").read_text())
    deployed = {
        function["handler"].removesuffix(".handler"): {
            layer["Ref"].removesuffix("LambdaLayer").lower() for layer in function["layers"]
        }
        for function in template["functions"].values()
    }
    ours = {
        entry: set(layers) for function in FUNCTIONS.values() for entry, layers in function.entries.items()
    }
    assert ours == deployed
