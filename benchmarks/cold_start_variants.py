"""Builds what benchmarks.cold_start compares: our artifacts, and the same model as others deploy it."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.demo_model import BUNDLE, JOBLIB, ROWS, ensure_bundle
from benchmarks.lambda_process import Deployed
from layers.archive import digest_of
from layers.bytecode import compile_folder
from layers.package import package_aws
from layers.slim import slim
from layers.wheels import install, this_arch
from local_emulator.aws.execution.interpreters import Interpreters
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Mapping

WORK = Path("build/bench/cold_start")
SOURCES = Path(__file__).parent / "variants"


def prepared() -> tuple[Path, list[Deployed]]:
    """Lambda's Python with nothing but what AWS puts beside a function, and all variants, ready to start."""
    ensure_bundle()
    python = Interpreters().executable(f"python{this_version()}")
    ours, onnx, web, batch = _unpacked()
    model = {"MODEL": str((BUNDLE / "model.onnx").resolve())}
    joblib = {"MODEL": str(JOBLIB.resolve())}
    numpy_ort, sklearn = _site("bench-ort"), _site("bench-joblib")
    return python, [
        Deployed("empty", code_folder("empty"), (), "empty.handler", {}),
        Deployed(
            "ours", ours, (onnx,), "functions.predict.handler", {}, [str(ours / "functions" / "startup")]
        ),
        Deployed(
            "ours + Powertools Logger",
            code_folder("ours_powertools", ours),
            (onnx, batch),
            "ours_powertools.handler",
            {},
        ),
        Deployed("ours + Mangum", code_folder("ours_mangum", ours), (onnx, web), "ours_mangum.handler", {}),
        Deployed("numpy + onnxruntime", code_folder("numpy_ort"), (numpy_ort,), "numpy_ort.handler", model),
        Deployed(
            "Powertools resolver + onnxruntime",
            code_folder("powertools_ort"),
            (batch, numpy_ort),
            "powertools_ort.handler",
            model,
        ),
        Deployed(
            "FastAPI + Mangum + onnxruntime",
            code_folder("fastapi_ort"),
            (web, numpy_ort),
            "fastapi_ort.handler",
            model,
        ),
        Deployed(
            "FastAPI + Mangum + onnxruntime, no .pyc",
            code_folder("fastapi_ort", compiled=False),
            (_without_pyc(web), _without_pyc(numpy_ort)),
            "fastapi_ort.handler",
            model,
        ),
        Deployed(
            "FastAPI + Mangum + joblib",
            code_folder("fastapi_joblib"),
            (web, sklearn),
            "fastapi_joblib.handler",
            joblib,
        ),
        Deployed(
            "FastAPI + Mangum + joblib, no .pyc",
            code_folder("fastapi_joblib", compiled=False),
            (_without_pyc(web), _without_pyc(sklearn)),
            "fastapi_joblib.handler",
            joblib,
        ),
    ]


def events() -> dict[str, Mapping[str, Any]]:
    """One HTTP API event a variant, each with the same row in the shape that the variant takes."""
    with ROWS.open(newline="") as file:
        row = [float(cell) for cell in next(csv.DictReader(file)).values()]
    ours, theirs = http_event({"rows": [row]}), http_event({"instances": [row]})
    return {
        name: ours if name in ("empty", "ours") or name.startswith("ours +") else theirs for name in _NAMES
    }


_NAMES = (
    "empty",
    "ours",
    "ours + Powertools Logger",
    "ours + Mangum",
    "numpy + onnxruntime",
    "Powertools resolver + onnxruntime",
    "FastAPI + Mangum + onnxruntime",
    "FastAPI + Mangum + onnxruntime, no .pyc",
    "FastAPI + Mangum + joblib",
    "FastAPI + Mangum + joblib, no .pyc",
)


def http_event(body: Mapping[str, Any], path: str = "/predict") -> dict[str, Any]:
    """An HTTP API's event for a JSON request."""
    http = {
        "method": "POST",
        "path": path,
        "sourceIp": "127.0.0.1",
        "protocol": "HTTP/1.1",
        "userAgent": "x",
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "bench"},
        "requestContext": {"http": http, "stage": "$default", "requestId": "bench", "domainName": "bench"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def _unpacked() -> list[Path]:
    """The archives that serverless.yml deploys, as Lambda unpacks them."""
    package_aws(BUNDLE, this_arch(), this_version())
    names = ("predict", "layer-onnx", "layer-web", "layer-batch")
    return [_unzip(Path("build/aws") / f"{name}.zip") for name in names]


def _unzip(archive: Path) -> Path:
    folder = WORK / f"{archive.stem}-{digest_of(archive)[:12]}"
    if not folder.exists():
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    return folder.resolve()


def code_folder(name: str, base: Path | None = None, *, compiled: bool = True) -> Path:
    """A variant's own code, beside ours where it builds on it."""
    folder = WORK / f"code-{name}{'' if compiled else '-no-pyc'}"
    shutil.rmtree(folder, ignore_errors=True)
    if base:
        shutil.copytree(base, folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / f"{name}.py", folder)
    if compiled:
        compile_folder(folder, this_version(), "/var/task")
    return folder.resolve()


def _site(requirements: str) -> Path:
    """A layer of a peer's packages, slimmed and compiled as ours are."""
    folder = WORK / f"{requirements}-{this_version()}"
    if not folder.exists():
        site = folder.with_name(folder.name + ".partial") / "python"
        shutil.rmtree(site.parent, ignore_errors=True)
        install(requirements, site, this_arch(), this_version())
        slim(site)
        compile_folder(site, this_version(), "/opt/python")
        site.parent.rename(folder)
    return folder.resolve()


def _without_pyc(layer: Path) -> Path:
    """The same layer as most people deploy it: sources only, compiled anew at every cold start."""
    target = layer.with_name(layer.name + "-no-pyc")
    if not target.exists():
        shutil.copytree(layer, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target
