"""From a bundle and its settings to workers that serve it."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from onehandler import models
from onehandler.bundle import Bundle
from onehandler.codecs.json import read_all_fast
from onehandler.errors import SettingsError
from onehandler.handler import Handler
from onehandler.models.layout import read_layout
from onehandler.models.repository import Models
from onehandler.rows import tensors_from_rows
from onehandler.runtimes.onnx_library import environment
from onehandler.serving.batchable import check_batchable
from onehandler.serving.cpus import usable_cpus
from onehandler.serving.dispatch import QUICK, Dispatch
from onehandler.serving.forking import Forking
from onehandler.serving.front import Front
from onehandler.serving.micro_batching import MicroBatcher
from onehandler.serving.readiness import why_unready
from onehandler.serving.server import Server
from onehandler.serving.settings import ServingSettings
from onehandler.serving.supervisor import become_supervisor
from onehandler.serving.workers import Ties, Workers
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from onehandler.serving.metrics import Metrics
    from onehandler.serving.server import Place

_LARGE = (
    32 * 1024 * 1024
)  # bytes: beyond, a parent that keeps the model is cheaper than a worker with its own
_WARM_UPS = 5
_AROUND = 0.0001  # seconds that a request takes beside its run, roughly


@dataclass(frozen=True, slots=True)
class Plan:
    """How many worker processes, and how many cores a run in each of them may use."""

    workers: int
    threads: int

    @classmethod
    def of(cls, environ: Mapping[str, str], workers: int, cpus: int) -> Plan:
        """As said (`workers` 0: not said), else a worker a CPU; runs share out what CPUs are left over."""
        workers = workers or cpus
        said = "ONEHANDLER_THREADS" in environ
        return cls(workers, Settings(environ).threads if said else max(1, cpus // workers))


def serve(
    bundle: str,
    environ: Mapping[str, str],
    listener: socket.socket,
    *,
    workers: int = 0,
    drain: float = 20.0,
    ready: Callable[[], None],
) -> None:
    """Serve a bundle until SIGTERM or SIGINT; requests under way then have `drain` seconds.

    `environ` is the process's environment, with the settings; `workers` 0 means one for each usable CPU; `ready` is
    called when all of them take connections. Raises BundleError, SettingsError or Unavailable when that cannot be.

    This process may become another program (supervisor.py) and end with its exit code: nothing after the call is
    sure to run.
    """
    # ONNX Runtime's telemetry thread would make forking unsafe. It costs 2 MB and 2 ms, too, and would report.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    plan = Plan.of(environ, workers, usable_cpus())
    inherited = {**environ, "ORT_DISABLE_TELEMETRY": "1", "ONEHANDLER_THREADS": str(plan.threads)}
    settings = Settings(inherited)
    model = what_is_served(bundle, settings, ServingSettings.read(inherited))
    read_all_fast()
    ties = Ties.make(listener.fileno(), plan.workers)

    def run(running: Mapping[int, int]) -> None:
        ready()
        if model.stands_alone(bundle):
            become_supervisor(os.path.abspath(bundle), ties, drain, running, inherited)  # noqa: PTH100

    gc.collect()
    gc.freeze()  # what is there now stays shared: a collection would write to it
    start = Forking(lambda place: serve_at(place, model, drain), ties)
    listener.detach()  # the workers' parent closes it
    Workers(start, ties, drain, Telemetry.of(settings)).run(run)


def what_is_served(path: str, settings: Settings, serving: ServingSettings) -> Shared | Several:
    """One bundle, or several models, as a parent loads them for its workers."""
    if models.lie_at(path):
        return Several(path, settings, serving)
    return Shared(Bundle.load(path, settings.digest), settings, serving)


def serve_at(place: Place, model: Shared | Several, drain: float) -> None:
    """Be a worker until told to end."""
    read_all_fast()  # in the place of one that died, nobody has
    Server(model.dispatch(place.metrics), place, drain).run(sockets=[])


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
