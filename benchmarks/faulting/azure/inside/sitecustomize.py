"""Imported by a worker's interpreter when it starts: does the faults that FAULTS_TOKENS holds, each once.

Nothing is changed before azure.core is imported; then every request of Azure's SDKs passes here.
"""

from __future__ import annotations

import importlib.abc
import io
import os
import random
import signal
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from steps import step_of  # type: ignore[import-not-found] # beside this file, whose folder is on the path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_TOKENS, _DONE = Path(os.environ["FAULTS_TOKENS"]), Path(os.environ["FAULTS_DONE"])
_WEAK = os.environ["FAULTS_WEAK"]
_SHARE = float(os.environ["FAULTS_SHARE"])  # of the steps that a fault is planned for
_RARE = 2  # so few tokens of a kind are taken at once: its step may not come often
_chance = random.Random(f"{os.environ['FAULTS_SEED']} {os.getpid()}")


def _taken(step: str, when: str) -> str:
    """A fault that is to happen now and that nobody else has taken; "" for none."""
    wanted = f"app.{when}.{step}."
    left = [token for token in _TOKENS.iterdir() if token.name.startswith(wanted)]
    if len(left) > _RARE and _chance.random() >= _SHARE:
        return ""
    for token in left:
        try:
            token.rename(
                _DONE / token.name
            )  # taken and noted at once: another thread may be about to kill us
        except FileNotFoundError:
            continue
        return token.name.removeprefix(wanted).partition(".")[0]
    return ""


def _note_write(url: str) -> None:
    """Keep the name of every blob that was written: Azurite keeps no versions."""
    file = os.open(_DONE / "writes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (unquote(urlsplit(url).path) + "\n").encode())
    os.close(file)


def _weaken(client: ModuleType) -> None:
    """The build that must not pass: blobs are written whether or not one is there."""
    upload = client.BlobClient.upload_blob

    def unconditional(self: Any, data: Any, **options: Any) -> Any:
        return upload(self, data, **{**options, "overwrite": True})

    client.BlobClient.upload_blob = unconditional


def _disturb(transport: ModuleType) -> None:
    """Have the SDKs' transport do the faults."""
    from azure.core.exceptions import ServiceResponseError
    from requests import Response

    send = transport.RequestsTransport.send

    def faulty_send(self: Any, request: Any, **options: Any) -> Any:
        body = getattr(request, "data", None) or getattr(request, "content", None)
        raw = body if isinstance(body, bytes) else str(body or "").encode()
        step = step_of(request.method, request.url, raw)
        fault = _taken(step, "before")
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "503":
            busy = Response()
            busy.status_code, busy.raw = 503, io.BytesIO()
            busy.headers["x-ms-error-code"] = "ServerBusy"
            return transport.RequestsTransportResponse(request, busy)
        found = send(self, request, **options)
        if request.method == "PUT" and found.status_code == 201 and step != "put block":
            _note_write(request.url)
        fault = _taken(step, "after")
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "lost":
            raise ServiceResponseError("the connection was closed before an answer came")
        return found

    transport.RequestsTransport.send = faulty_send


_CHANGES: dict[str, Callable[[ModuleType], None]] = {
    "azure.core.pipeline.transport._requests_basic": _disturb
}
if _WEAK == "unconditional":
    _CHANGES["azure.storage.blob._blob_client"] = _weaken


class _Hook(importlib.abc.MetaPathFinder):
    """Has modules of the SDKs changed as soon as they are imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Only of those to be changed."""
        change = _CHANGES.get(name)
        if change is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            change(module)

        loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Hook())
