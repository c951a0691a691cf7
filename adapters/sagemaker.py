"""The serving container: the same program on SageMaker, Vertex AI, Azure ML, Cloud Run, Kubernetes and Spaces.

Each of them says through the environment what it wants; here that becomes what `onehandler serve` is told. Of
several variables for one thing the first that is set counts:

| what | variables | else |
| --- | --- | --- |
| port | SAGEMAKER_BIND_TO_PORT, PORT, AIP_HTTP_PORT; 7860 on Hugging Face Spaces (SPACE_ID) | 8080 |
| address | ONEHANDLER_HOST | 0.0.0.0 |
| what is served | ONEHANDLER_BUNDLE, SM_MODEL_DIR, /opt/ml/model, AZUREML_MODEL_DIR, /opt/onehandler/bundle | refused |
| worker processes | ONEHANDLER_WORKERS, SAGEMAKER_MODEL_SERVER_WORKERS | one for each usable CPU |
| seconds for an answer | ONEHANDLER_TIMEOUT_S, SAGEMAKER_MODEL_SERVER_TIMEOUT | 60, in a transform job 3,600 |
| largest body, MB | ONEHANDLER_MAX_BODY_MB, SAGEMAKER_MAX_PAYLOAD_IN_MB | 25 |
| more paths | AIP_PREDICT_ROUTE, AIP_HEALTH_ROUTE | none |
| models that the platform loads | SAGEMAKER_MULTI_MODEL=true | one bundle, or a folder of models |
| MB that those may hold together | ONEHANDLER_MODELS_MB | 60 % of the container's memory |

A folder holds a bundle if bundle.json is in it; else it may hold one .tar.gz of a bundle, one folder with a bundle, or
several models (onehandler.models).

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html
https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-custom-container
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from tempfile import mkdtemp
from typing import TYPE_CHECKING, NoReturn

from onehandler import models
from onehandler.errors import OnehandlerError, SettingsError
from onehandler.serving.memory_limit import memory_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PORTS = ("SAGEMAKER_BIND_TO_PORT", "PORT", "AIP_HTTP_PORT")
_SPACES_PORT = "7860"
_PORT = "8080"
_INSIDE = "/opt/onehandler/bundle"  # where the image has a model, if it has one
_MOUNTED = "/opt/ml/model"
_ARCHIVES = (".tar.gz", ".tgz")
_DRAIN = 25.0  # seconds, of the 30 between SageMaker's SIGTERM and its SIGKILL
_SHARE = 0.6  # of the memory is for models; the rest for requests, answers and the program
_MEGABYTE = 1024 * 1024
_REFUSED = 2  # exit code
# By our own variable: the platforms' variables, and what holds without any of them.
_TOLD = {
    "ONEHANDLER_TIMEOUT_S": (("SAGEMAKER_MODEL_SERVER_TIMEOUT",), "60"),
    "ONEHANDLER_MAX_BODY_MB": (("SAGEMAKER_MAX_PAYLOAD_IN_MB",), "25"),
    "ONEHANDLER_CHUNKED_ABOVE_KB": ((), "64"),
    "ONEHANDLER_PREDICT_PATH": (("AIP_PREDICT_ROUTE",), ""),
    "ONEHANDLER_HEALTH_PATH": (("AIP_HEALTH_ROUTE",), ""),
}
_TRANSFORM_SECONDS = "3600"


@dataclass(frozen=True, slots=True)
class Container:
    """What the platform wants. `workers` 0: one for each usable CPU; `environ` says the rest to the server.

    With `several` there is no bundle: the platform says which models to load.
    """

    host: str
    port: int
    bundle: str
    several: bool
    workers: int
    environ: Mapping[str, str]

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Container:
        """Read the environment, and see where there is something to serve. SettingsError says what is missing."""
        several = environ.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true"
        told = {name: _first(environ, (name, *others)) or other for name, (others, other) in _TOLD.items()}
        if environ.get("SAGEMAKER_BATCH", "").lower() == "true" and not environ.get("ONEHANDLER_TIMEOUT_S"):
            told["ONEHANDLER_TIMEOUT_S"] = _TRANSFORM_SECONDS
        if told["ONEHANDLER_MAX_BODY_MB"] == "0":  # a transform job's word for "as much as there is"
            told["ONEHANDLER_MAX_BODY_MB"] = "100"
        workers = _number(environ, ("ONEHANDLER_WORKERS", "SAGEMAKER_MODEL_SERVER_WORKERS"), "0", 256)
        if several:
            told |= {"ONEHANDLER_THREADS": "1", "ONEHANDLER_MODELS_MB": _ceiling(environ)}
            workers = 1  # with threads for requests; see onehandler.serving.multi_model
        return cls(
            environ.get("ONEHANDLER_HOST") or "0.0.0.0",  # noqa: S104 - the platform's network is around it
            port_of(environ),
            "" if several else found_bundle(environ),
            several,
            workers,
            {**environ, **told},
        )


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM: `serve`, as SageMaker starts every container. Gives the exit code."""
    signal.signal(signal.SIGTERM, _end)  # without a handler, a container's first process ignores it
    if list(words) != ["serve"]:
        sys.stderr.write("error: the container takes one argument: serve\n")
        return _REFUSED
    try:
        serve(Container.of(environ))
    except OnehandlerError as error:
        sys.stderr.write(f"error: {error}\n")
        return _REFUSED
    return 0


def serve(container: Container) -> None:
    """Serve until told to end; see onehandler.serving.startup.serve."""
    from onehandler.serving.listening import listening
    from onehandler.serving.startup import serve as serve_bundle  # uvicorn and asyncio: 0.1 s

    environ = dict(container.environ)
    if container.several:
        environ["ONEHANDLER_MANAGED_MODELS"] = f"{mkdtemp(prefix='onehandler-')}/loaded.json"
    with listening(container.host, container.port) as listener:
        port = listener.getsockname()[1]

        def ready() -> None:
            what = container.bundle or "the models that it is told to load"
            sys.stderr.write(f"serving {what} on port {port}\n")
            sys.stderr.flush()

        serve_bundle(
            container.bundle,
            environ,
            listener,
            workers=container.workers,
            drain=_DRAIN,
            stays=True,
            ready=ready,
        )


def check(environ: Mapping[str, str]) -> int:
    """Ask the server of this container whether it is ready: the exit code of a HEALTHCHECK."""
    from http.client import HTTPConnection, HTTPException  # the server itself never asks

    connection = HTTPConnection("127.0.0.1", port_of(environ), timeout=2)
    try:
        connection.request("GET", "/ping")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


def port_of(environ: Mapping[str, str]) -> int:
    """The port that the platform wants; SettingsError names the variable that holds none."""
    return _number(environ, _PORTS, _SPACES_PORT if environ.get("SPACE_ID") else _PORT, 65_535)


def found_bundle(environ: Mapping[str, str]) -> str:
    """The bundle, archive or folder of models to serve; SettingsError says where it was looked for."""
    said = environ.get("ONEHANDLER_BUNDLE")
    if said:
        return said
    folders = [environ.get("SM_MODEL_DIR") or _MOUNTED, environ.get("AZUREML_MODEL_DIR"), _INSIDE]
    looked = [folder for folder in folders if folder]
    for folder in looked:
        found = _within(folder)
        if found:
            return found
    told = f"no bundle in {', '.join(looked)}; mount one there, or set ONEHANDLER_BUNDLE"
    if environ.get("AIP_STORAGE_URI"):
        told += "; artifacts in Cloud Storage aren't fetched: put the model into the image"
    raise SettingsError(told)


def _within(folder: str) -> str:
    """What a folder holds to be served: itself, or the one bundle in it, or ""."""
    if _is_bundle(folder) or models.lie_at(folder):
        return folder
    if not os.path.isdir(folder):  # noqa: PTH112 - paths as the environment has them
        return ""
    with os.scandir(folder) as entries:
        inside = [each.path for each in entries if each.name.endswith(_ARCHIVES) or _is_bundle(each.path)]
    if len(inside) > 1:
        raise SettingsError(f"holds {len(inside)} bundles; say which by ONEHANDLER_BUNDLE", where=folder)
    return inside[0] if inside else ""


def _ceiling(environ: Mapping[str, str]) -> str:
    """What models may hold together, in MB: as said, else a share of what this container may use."""
    limit = memory_limit()
    return environ.get("ONEHANDLER_MODELS_MB") or str(int(limit * _SHARE) // _MEGABYTE if limit else 0)


def _is_bundle(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "bundle.json"))  # noqa: PTH113, PTH118 - as above


def _first(environ: Mapping[str, str], names: Sequence[str]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _number(environ: Mapping[str, str], names: Sequence[str], default: str, most: int) -> int:
    name = next((each for each in names if environ.get(each)), names[0])
    text = environ.get(name) or default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most):
        raise SettingsError(f"must be a whole number of at most {most:,}, not {text!r:.40}", where=name)
    return int(text)


def _end(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)
