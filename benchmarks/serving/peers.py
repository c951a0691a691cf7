"""Who is compared: how each serves a model, how it is asked, and where its answer has the probabilities.

Each as its own documentation serves: two workers, which all of them have a setting for, on two CPUs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.models import Served

APPS = (Path(__file__).parent / "apps").resolve()
CHECKOUT = APPS.parents[2]
_OURS = "-m onehandler.cli.main serve {bundle} --port {port}"
_UVICORN = (
    "-m uvicorn fastapi_app:app --workers 2 --port {port} --loop uvloop --http httptools --log-level warning"
)
_MLFLOW = "-m mlflow models serve -m {folder} -p {port} --env-manager local --workers 2"


@dataclass(frozen=True, slots=True)
class Place:
    """What one start has to itself: an environment, a folder and three ports in a row, the first for HTTP."""

    bin: Path
    folder: Path
    port: int


def _nothing(_served: Served, _place: Place, _environ: Mapping[str, str]) -> None:
    """Most need no preparation."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a server needs of the machine, beside Python, and Debian's package that has it."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class Server:
    """One way to serve. `words` is the command after Python, or after a program of the environment."""

    name: str
    requirements: str
    joblib: bool
    words: str
    path: str = "/predict"
    program: str = "python"
    body: Callable[[Served], Any] = lambda served: {"instances": [served.row]}
    answer: Callable[[Any], list[float]] = lambda found: found["probabilities"][0]
    prepare: Callable[[Served, Place, Mapping[str, str]], None] = _nothing
    environ: Mapping[str, str] = field(default_factory=dict)
    needs: Program | None = None

    def missing(self) -> str | None:
        """What the machine lacks to run it, and what to do about it; None if nothing."""
        if self.needs is None or shutil.which(self.needs.name):
            return None
        return f"needs {self.needs.name} (apt-get install {self.needs.package})"

    def model(self, served: Served) -> Path | None:
        """The file it serves; None where the model has none of its kind."""
        found = served.joblib if self.joblib else served.onnx
        return found.resolve() if found else None

    def environment(self, served: Served, place: Place) -> dict[str, str]:
        """Variables that the process gets."""
        own = {
            "MODEL": str(self.model(served)),
            "ONEHANDLER_BUNDLE": str(served.bundle.resolve()),
            "PORT": str(place.port),
            "PYTHONPATH": str(APPS),
        }
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        return {**os.environ, **threads, **own, **self.environ, "PATH": f"{place.bin}:{os.environ['PATH']}"}

    def command(self, served: Served, place: Place) -> list[str]:
        """What is started."""
        values = {"port": place.port, "folder": place.folder / "model", "bundle": served.bundle.resolve()}
        return [str(place.bin / self.program), *(word.format(**values) for word in self.words.split())]


def servers() -> list[Server]:
    """All, ours first."""
    return [
        _ours("onehandler", ""),
        _ours("onehandler, micro-batching", " --max-batch 16 --max-wait 5"),
        _container(),
        *(each for joblib in (False, True) for each in _peers(joblib=joblib)),
    ]


def _ours(name: str, options: str) -> Server:
    return Server(
        name,
        "serve",
        joblib=False,
        words=_OURS + options,
        body=lambda served: {"rows": [served.row]},
        answer=_of_ours,
        environ={"PYTHONPATH": str(CHECKOUT)},
    )


def _container() -> Server:
    """The program of the serving container, asked as SageMaker asks it."""
    return Server(
        "onehandler, container",
        "serve",
        joblib=False,
        words="-m functions.container.serve serve",
        path="/invocations",
        body=_of_probabilities,
        answer=lambda found: list(found["predictions"][0]),
        environ={"PYTHONPATH": str(CHECKOUT), "ONEHANDLER_HOST": "127.0.0.1"},
    )


def _of_probabilities(served: Served) -> Any:
    """MLflow's form, which /invocations takes, too, naming the last output: a classifier's labels come without."""
    manifest = json.loads((served.bundle / "bundle.json").read_text())
    outputs = [output["name"] for output in manifest["signature"]["outputs"]]
    return {"instances": [served.row], "params": {"outputs": outputs[-1:]}}


def _peers(*, joblib: bool) -> list[Server]:
    kind = "scikit-learn" if joblib else "onnxruntime"
    mlserver = Server(
        f"MLServer, {kind}",
        "peer-mlserver",
        joblib,
        "start {folder}",
        "/v2/models/model/infer",
        program="mlserver",
        body=_of_v2,
        answer=lambda found: found["outputs"][0]["data"],
        prepare=_prepare_mlserver,
    )
    mlflow = Server(
        f"MLflow, {kind}",
        "peer-mlflow",
        joblib,
        _MLFLOW,
        "/invocations",
        body=lambda served: {"inputs": [served.row]},
        answer=_of_mlflow,
        prepare=_prepare_mlflow,
        environ={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    )
    sagemaker = Server(
        f"sagemaker-inference, {kind}",
        "peer-sagemaker-inference",
        joblib,
        str(APPS / "sagemaker_app.py"),
        "/invocations",
        body=lambda served: [served.row],
        environ={"SAGEMAKER_MODEL_SERVER_WORKERS": "2"},
        needs=Program("java", "default-jre-headless"),
    )
    bentoml = f"serve bentoml_app:Served --working-dir {APPS} -p {{port}} --host 127.0.0.1"
    quiet = {"BENTOML_DO_NOT_TRACK": "true"}
    return [
        Server(f"FastAPI + uvicorn, {kind}", "peer-fastapi", joblib, _UVICORN),
        Server(f"LitServe, {kind}", "peer-litserve", joblib, str(APPS / "litserve_app.py")),
        Server(f"BentoML, {kind}", "peer-bentoml", joblib, bentoml, program="bentoml", environ=quiet),
        mlserver,
        mlflow,
        sagemaker,
    ]


def _of_ours(found: Any) -> list[float]:
    [first] = found["predictions"]
    return list(first["probabilities"].values() if isinstance(first, dict) else first)


def _of_mlflow(found: Any) -> list[float]:
    """A list of rows, or outputs by name, of which probabilities are the last."""
    rows = found["predictions"]
    return list(list(rows.values())[-1][0] if isinstance(rows, dict) else rows[0])


def _of_v2(served: Served) -> Any:
    """One tensor; a scikit-learn runtime is told which of its methods to call."""
    given = {"name": "x", "shape": served.shape, "datatype": "FP32", "data": [served.row]}
    return {"inputs": [given], "outputs": [{"name": "predict_proba"}]}


def _prepare_mlserver(_served: Served, place: Place, environ: Mapping[str, str]) -> None:
    folder = place.folder / "model"
    folder.mkdir(parents=True)
    ports = {"http_port": place.port, "grpc_port": place.port + 1, "metrics_port": place.port + 2}
    settings = {"host": "127.0.0.1", **ports, "parallel_workers": 2}
    sklearn = environ["MODEL"].endswith(".joblib")
    runtime = "mlserver_sklearn.SKLearnModel" if sklearn else "mlserver_app.Onnx"
    model = {"name": "model", "implementation": runtime, "parameters": {"uri": environ["MODEL"]}}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))


def _prepare_mlflow(_served: Served, place: Place, environ: Mapping[str, str]) -> None:
    shutil.rmtree(place.folder / "model", ignore_errors=True)
    script = [str(place.bin / "python"), str(APPS / "mlflow_model.py"), str(place.folder / "model")]
    subprocess.run(script, env=dict(environ), check=True, capture_output=True)
