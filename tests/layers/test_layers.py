"""The layers as built: what is in them, their size, and that they do what they are for with nothing beside."""

from __future__ import annotations

import json
import struct
import zipfile
from importlib.util import MAGIC_NUMBER
from marshal import loads
from pathlib import Path

import pytest

from layers.archive import check_archive, digest_of
from layers.build import build_layer
from layers.bytecode import is_unchecked, pyc_name
from layers.ledger import ledger_of
from layers.provided import packages_in
from layers.recipes import LIBRARY_PATH_IN_LAYER, RECIPES
from layers.wheels import this_arch
from onehandler.pythons import this_version
from tests.layers.conftest import Isolated

_MACHINES = {"x86_64": 62, "arm64": 183}  # e_machine in the ELF header
_ONNX = {
    LIBRARY_PATH_IN_LAYER,
    "licences/onnxruntime/LICENSE",
    "licences/onnxruntime/ThirdPartyNotices.txt",
}
_FASTAPI = """
import asyncio, json
from fastapi import FastAPI
from pydantic import BaseModel
from mangum import Mangum
class Row(BaseModel):
    x: float
app = FastAPI()
@app.post("/double")
def double(row: Row) -> Row:
    return Row(x=row.x * 2)
asyncio.set_event_loop(asyncio.new_event_loop())
http = dict(method="POST", path="/double", sourceIp="127.0.0.1", protocol="HTTP/1.1", userAgent="x")
event = dict(version="2.0", routeKey="$default", rawPath="/double", rawQueryString="", isBase64Encoded=False,
    headers={"content-type": "application/json"}, body='{"x": 21}',
    requestContext=dict(http=http, stage="$default", requestId="1"))
result = Mangum(app, lifespan="off")(event, None)
print(json.dumps([result["statusCode"], result["body"], "Row" in json.dumps(app.openapi())]))
"""
_BATCH = """
import json
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
processor = BatchProcessor(event_type=EventType.SQS)
def handle(record):
    if record.body == "bad":
        raise ValueError("bad")
records = [dict(messageId=str(i), receiptHandle="r", body=b, attributes={}, messageAttributes={}, md5OfBody="",
    eventSource="aws:sqs", eventSourceARN="arn:aws:sqs:x:1:q", awsRegion="x") for i, b in enumerate(["good", "bad"])]
import warnings
warnings.simplefilter("ignore")
print(json.dumps(process_partial_response({"Records": records}, handle, processor, None)))
"""
_VERSION = """
import ctypes
class Base(ctypes.Structure):
    _fields_ = [("api", ctypes.c_void_p), ("version", ctypes.CFUNCTYPE(ctypes.c_char_p))]
library = ctypes.CDLL(PATH)
library.OrtGetApiBase.restype = ctypes.POINTER(Base)
print(library.OrtGetApiBase().contents.version().decode(), end="")
"""


def _names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


@pytest.mark.parametrize("arch", list(_MACHINES))
def test_the_onnx_layer_is_the_library_and_orjson(arch: str, tmp_path: Path) -> None:
    archive = build_layer("onnx", arch, this_version(), tmp_path)
    others = {name for name in _names(archive) if not name.startswith("python/")}
    assert others == _ONNX
    assert packages_in(archive) == {"orjson"}
    with zipfile.ZipFile(archive) as opened:
        header = opened.read(LIBRARY_PATH_IN_LAYER)[:20]
    assert struct.unpack("<H", header[18:20])[0] == _MACHINES[arch]
    assert sum(line.unzipped for line in ledger_of(archive)) <= 32_000_000
    assert archive.stat().st_size <= 12_000_000


@pytest.mark.parametrize("arch", list(_MACHINES))
@pytest.mark.parametrize("layer", ["onnx", "web"])
def test_extension_modules_are_the_targets(layer: str, arch: str, tmp_path: Path) -> None:
    archive = build_layer(layer, arch, this_version(), tmp_path)
    with zipfile.ZipFile(archive) as opened:
        libraries = [name for name in opened.namelist() if ".so" in name]
        headers = [opened.read(name)[:20] for name in libraries]
    assert libraries
    assert {struct.unpack("<H", header[18:20])[0] for header in headers} == {_MACHINES[arch]}


@pytest.mark.parametrize("name", ["layer-onnx", "layer-web", "layer-batch", "predict", "batch"])
def test_every_source_has_unchecked_bytecode_of_this_version(archives: dict[str, Path], name: str) -> None:
    with zipfile.ZipFile(archives[name]) as opened:
        names = set(opened.namelist())
        sources = {each for each in names if each.endswith(".py")}
        frozen = {
            source
            for name in names
            if name.endswith(".bin")
            for source, _ in loads(opened.read(name)).values()
        }
        assert sources > frozen
        compiled = {pyc_name(source, this_version()) for source in sources - frozen}
        assert {each for each in names if each.endswith(".pyc")} == compiled
        for each in compiled:
            pyc = opened.read(each)
            assert pyc[:4] == MAGIC_NUMBER
            assert is_unchecked(pyc)


@pytest.mark.parametrize("name", list(RECIPES))
def test_two_builds_in_two_folders_are_the_same_bytes(
    name: str, archives: dict[str, Path], tmp_path: Path
) -> None:
    again = build_layer(name, this_arch(), this_version(), tmp_path / "out", tmp_path / "cache")
    check_archive(again)
    assert digest_of(again) == digest_of(archives[f"layer-{name}"])


def test_web_serves_fastapi_through_mangum(unpacked: dict[str, Path], isolated: Isolated) -> None:
    said = isolated(_FASTAPI, unpacked["layer-web"] / "python")
    assert json.loads(said) == [200, '{"x":42.0}', True]


def test_batch_reports_the_record_that_failed(unpacked: dict[str, Path], isolated: Isolated) -> None:
    said = isolated(_BATCH, unpacked["layer-batch"] / "python")
    assert json.loads(said) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_the_library_says_its_version(unpacked: dict[str, Path], isolated: Isolated) -> None:
    path = unpacked["layer-onnx"] / LIBRARY_PATH_IN_LAYER
    pins = (Path(__file__).parents[2] / "requirements" / "layer-onnx.in").read_text().split()
    assert "onnxruntime==" + isolated(_VERSION.replace("PATH", repr(str(path)))) in pins
