"""Multi-model endpoints: archives below a prefix, loaded into one container when they are first asked for.

https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html
"""

from __future__ import annotations

import json
import shutil
import threading
from hashlib import sha256
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from local_emulator.sagemaker.errors import CannotServe, InvalidRequest, ModelFailed

if TYPE_CHECKING:
    from local_emulator.sagemaker.fleet import Fleet, Launcher
    from local_emulator.sagemaker.process import ServingProcess

_SECONDS = 60.0
_LOADED, _NO_ROOM = 409, 507


class LoadedModels:
    """What a variant's container has in memory, least recently used first."""

    def __init__(self, fleet: Fleet, launcher: Launcher) -> None:
        self._fleet = fleet
        self._launcher = launcher
        self._names: dict[str, str] = {}  # the container's own name by target
        self._pid = 0  # of the process that they are loaded in
        self._lock = threading.Lock()

    def path(self, process: ServingProcess, target: str, log_stream: str) -> str:
        """The path under which the container answers for a target, loaded now if need be.

        InvalidRequest for one that isn't there; ModelFailed when the container doesn't load it.
        """
        if not target or target.startswith("/") or ".." in target.split("/"):
            raise InvalidRequest("TargetModel must be the name of an archive below the model's prefix.")
        with self._lock:
            if self._pid != process.pid:
                self._names.clear()
                self._pid = process.pid
            name = self._names.pop(target, "") or self._load(process, target, log_stream)
            self._names[target] = name
        return f"/models/{name}/invoke"

    def _load(self, process: ServingProcess, target: str, log_stream: str) -> str:
        spec = self._fleet.spec.container
        name = sha256(target.encode()).hexdigest()[:32]
        folder = self._fleet.folder / "model" / name / "model"
        if not folder.exists():
            try:
                self._launcher.fetch(f"{spec.model_data.rstrip('/')}/{target}", folder)
            except CannotServe as error:
                shutil.rmtree(folder.parent, ignore_errors=True)
                raise InvalidRequest(f"Failed to download model data for {target}: {error.message}") from None
        inside = f"{self._launcher.inside(spec, self._fleet.folder)}/{name}/model"
        told = json.dumps({"model_name": name, "url": inside}).encode()
        status, text = _ask(process, "POST", "/models", told)
        while status == _NO_ROOM and self._names:
            least = next(iter(self._names))
            _ask(process, "DELETE", f"/models/{self._names.pop(least)}", b"")
            status, text = _ask(process, "POST", "/models", told)
        if status not in (200, _LOADED):
            raise ModelFailed(status, text, log_stream)
        return name


def _ask(process: ServingProcess, method: str, path: str, body: bytes) -> tuple[int, str]:
    headers: dict[str, Any] = {"Content-Type": "application/json"} if body else {}
    try:
        with process.asked(method, path, body, headers, _SECONDS) as response:
            return response.status, response.read().decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
