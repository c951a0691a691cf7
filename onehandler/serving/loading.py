"""What the parent of the workers loads for them, and what each of them makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from onehandler import models
from onehandler.bundle import Bundle
from onehandler.errors import SettingsError
from onehandler.handler import Handler
from onehandler.models.layout import read_layout
from onehandler.models.repository import Models
from onehandler.rows import tensors_from_rows
from onehandler.runtimes.onnx_library import environment
from onehandler.serving.batchable import check_batchable
from onehandler.serving.dispatch import QUICK, Dispatch
from onehandler.serving.front import Front
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.serving.multi_model import MultiModel
from onehandler.serving.readiness import why_unready

if TYPE_CHECKING:
    from onehandler.serving.metrics import Metrics
    from onehandler.serving.settings import ServingSettings
    from onehandler.settings import Settings

_LARGE = (
    32 * 1024 * 1024
)  # bytes: beyond, a parent that keeps the model is cheaper than a worker with its own
_WARM_UPS = 5
_AROUND = 0.0001  # seconds that a request takes beside its run, roughly


class Loading(Protocol):
    """What is loaded once, in the parent."""

    def dispatch(self, metrics: Metrics) -> Dispatch:
        """A worker's own."""
        ...

    def stands_alone(self, path: str) -> bool:
        """Whether a worker may be started anew without the parent."""
        ...


def what_is_served(path: str, settings: Settings, serving: ServingSettings) -> Loading:
    """One bundle, several models, or none until the platform says which, as a parent loads them for its workers."""
    if serving.managed:
        return Managed(settings, serving)
    if models.lie_at(path):
        return Several(path, settings, serving)
    return Shared(Bundle.load(path, settings.digest, settings.public_key), settings, serving)


class Managed:
    """Models that the platform loads and unloads; see multi_model.py."""

    def __init__(self, settings: Settings, serving: ServingSettings) -> None:
        self._settings = settings
        self._serving = serving
        environment()

    def dispatch(self, metrics: Metrics) -> Dispatch:
        """The worker's own; there is one worker."""
        managed = MultiModel(self._settings, Path(self._serving.models_root), Path(self._serving.managed))
        front = Front(managed.models, self._serving, metrics, answer=managed.answer)
        return Dispatch(managed.models, settings=self._serving, metrics=metrics, answer=front.answer)

    def stands_alone(self, _path: str) -> bool:
        """Whether a worker may be started anew without this process: nothing is shared."""
        return True


class Several:
    """A folder of models, of which each worker loads those that it is asked for."""

    def __init__(self, path: str, settings: Settings, serving: ServingSettings) -> None:
        self._path = path
        self._settings = settings
        self._serving = serving
        if settings.max_batch > 1:
            raise SettingsError(
                "joins requests to one model; with several, leave it away", where="ONEHANDLER_MAX_BATCH"
            )
        read_layout(path, settings.digest)
        environment()

    def dispatch(self, metrics: Metrics) -> Dispatch:
        """A worker's own."""
        served = Models.load(self._path, self._settings)
        front = Front(served, self._serving, metrics)
        return Dispatch(served, settings=self._serving, metrics=metrics, answer=front.answer)

    def stands_alone(self, _path: str) -> bool:
        """Whether a worker may be started anew without this process: nothing is shared."""
        return True


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A handler, seconds that a small request is expected to take, and why it is not ready, or ""."""

    handler: Handler
    seconds: float
    unready: str


class Shared:
    """What the parent of the workers loads for all of them.

    The model, too, if it brings no threads (they don't survive a fork) and no code of its own (which may start
    some). Then its weights are in memory once.
    """

    def __init__(self, bundle: Bundle, settings: Settings, serving: ServingSettings) -> None:
        self._bundle = bundle
        self._settings = settings
        self._serving = serving
        self._loaded: _Loaded | None = None
        if settings.threads == 1 and not bundle.handler_path:
            self._loaded = self._load()
        elif bundle.runtime == "onnx":
            environment()

    def dispatch(self, metrics: Metrics) -> Dispatch:
        """A worker's own."""
        loaded = self._loaded or self._load()
        runtime = loaded.handler.runtime
        return Dispatch(
            loaded.handler,
            runtime if isinstance(runtime, MicroBatcher) else None,
            loaded.seconds,
            settings=self._serving,
            metrics=metrics,
            answer=Front(loaded.handler, self._serving, metrics, loaded.unready).answer,
        )

    def stands_alone(self, path: str) -> bool:
        """Whether a worker may be started anew without this process.

        With a large model that is shared it would put the weights into memory once more, and an archive was
        unpacked for as long as this process lives.
        """
        size = sum(entry["bytes"] for entry in self._bundle.manifest["files"].values())
        shared = self._loaded is not None
        return not (shared and size > _LARGE) and os.path.isdir(path)  # noqa: PTH112 - as the bundle has it

    def _load(self) -> _Loaded:
        handler = Handler.load(self._bundle, self._settings)
        unready = why_unready(handler)
        if unready:
            handler.telemetry.log("ERROR", f"not ready: {unready}", {})
        seconds = 10 * QUICK if unready else _warm_up(handler)
        if self._settings.max_batch > 1:
            check_batchable(handler.bundle, handler.runtime)
            batcher = MicroBatcher(handler.runtime, self._settings.max_batch, self._settings.max_wait)
            handler = type(handler)(handler.bundle, batcher, handler.settings)
        return _Loaded(handler, seconds, unready)


def _warm_up(handler: Handler) -> float:
    """Answer the bundle's first sample a few times: seconds that a small request is expected to take.

    Slow until shown to be quick: without a sample, and with code of the bundle's own, which may wait for others.
    """
    rows = handler.bundle.manifest.get("samples", {}).get("rows", [])[:1]
    if not rows or handler.bundle.handler_path:
        return 10 * QUICK
    best = 10 * QUICK
    for _ in range(_WARM_UPS):
        started = perf_counter()
        handler.predict(tensors_from_rows(handler.signature, rows))
        best = min(best, perf_counter() - started)
    return best + _AROUND
