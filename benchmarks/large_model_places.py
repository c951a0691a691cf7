"""One large model deployed in three ways to the emulator: in the function's archive, as a layer, in S3."""

from __future__ import annotations

import json
import shutil
import statistics
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.cold_start_variants import SOURCES, http_event
from benchmarks.emulated import emulator
from benchmarks.large_model import WIDTH
from layers.package import package_aws
from layers.wheels import this_arch
from onehandler.bundle import Bundle
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_BUCKET = "large-models"
_FUNCTION = "large"
_ENTRY = "functions.predict.handler"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A deployment: keys of the function's code and of its layers in the bucket, and its environment."""

    name: str
    code: str
    layers: tuple[str, ...]
    environment: Mapping[str, str]
    entry_point: str = _ENTRY


def measure_places(
    bundle: Path, megabytes: int, starts: int, told: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Deploy, start cold `starts` times each, and give one row a place."""
    work = bundle.parent / "places"
    work.mkdir()
    with emulator(work / "emulator.log"):
        return [
            _row(place, megabytes, [_cold(place, bundle.name, number) for number in range(starts)])
            for place in _deployed(bundle, work, told)
        ]


def _deployed(bundle: Path, work: Path, told: Callable[[str], None]) -> Iterator[_Place]:
    """Put each in place; the last one's archives are gone by then."""
    import boto3

    from adapters.s3_bundles import push

    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    told("uploading the bundle")
    location = str(push(Bundle.load(str(bundle)), _BUCKET, "models", s3))
    told("building the archive with the model")
    package_aws(bundle, this_arch(), this_version(), work / "with")
    told("building the archive without")
    package_aws(bundle, this_arch(), this_version(), work / "without", location=location)
    files = {
        "with.zip": work / "with" / "predict.zip",
        "without.zip": work / "without" / "predict.zip",
        "layered.zip": _with_entry(work / "without" / "predict.zip", work / "layered.zip"),
        "onnx.zip": work / "with" / "layer-onnx.zip",
        "model.zip": _layer(bundle, work / "model.zip"),
    }
    for key, path in files.items():
        told(f"uploading {key}")
        s3.upload_file(str(path), _BUCKET, key)
    yield _Place("archive", "with.zip", ("onnx.zip",), {})
    yield _Place("layer", "layered.zip", ("onnx.zip", "model.zip"), {}, "in_layer.handler")
    yield _Place("S3", "without.zip", ("onnx.zip",), {"ONEHANDLER_BUNDLE": location})


def _with_entry(archive: Path, target: Path) -> Path:
    shutil.copy(archive, target)
    with zipfile.ZipFile(target, "a") as opened:
        opened.write(SOURCES / "in_layer.py", "in_layer.py")
    return target


def _role(name: str) -> str:
    import boto3

    made = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    return str(made["Role"]["Arn"])


def _layer(bundle: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(bundle.iterdir()):
            archive.write(path, f"bundle/{path.name}")
    return target


def _cold(place: _Place, model: str, number: int) -> tuple[float, float]:
    """A function made anew: milliseconds of its init phase, and of its first answer as the caller sees it."""
    import boto3

    client: Any = boto3.client("lambda")
    name = f"{_FUNCTION}-{place.name.lower()}-{number}"
    layers = [
        client.publish_layer_version(
            LayerName=key.partition(".")[0], Content={"S3Bucket": _BUCKET, "S3Key": key}
        )
        for key in place.layers
    ]
    client.create_function(
        FunctionName=name,
        Runtime=f"python{this_version()}",
        Handler=place.entry_point,
        Role=_role(name),
        Code={"S3Bucket": _BUCKET, "S3Key": place.code},
        Layers=[layer["LayerVersionArn"] for layer in layers],
        Environment={"Variables": dict(place.environment)},
        MemorySize=1769,
        Timeout=60,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    row = [(column % 7) / 7 for column in range(WIDTH)]
    event = json.dumps(http_event({"instances": [row]}, f"/v1/models/{_name(model)}:predict"))
    began = time.perf_counter()
    found = client.invoke(FunctionName=name, Payload=event, LogType="Tail")
    wall = (time.perf_counter() - began) * 1000
    answer = json.loads(found["Payload"].read())
    if answer.get("statusCode") != 200:
        raise RuntimeError(f"{place.name} answered {answer}"[:2000])
    client.delete_function(FunctionName=name)
    return _init_ms(found["LogResult"]), wall


def _name(folder: str) -> str:
    """The bundle's name: benchmarks.large_model calls its folder bundle-SIZE."""
    return folder.replace("bundle", "large", 1)


def _init_ms(tail: str) -> float:
    from base64 import b64decode

    line = b64decode(tail).decode(errors="replace").rpartition("Init Duration:")[2]
    return float(line.split()[0])


def _row(place: _Place, megabytes: int, found: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        "weights MB": str(megabytes),
        "model lies in": place.name,
        "init phase ms": round(statistics.median(init for init, _ in found), 1),
        "first invoke ms": round(statistics.median(wall for _, wall in found), 1),
    }
