"""From a bundle and its settings to workers that serve it."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.codecs.json import read_all_fast
from onehandler.errors import SettingsError
from onehandler.serving.cpus import usable_cpus
from onehandler.serving.forking import Forking
from onehandler.serving.loading import what_is_served
from onehandler.serving.server import Server
from onehandler.serving.settings import ServingSettings
from onehandler.serving.supervisor import become_supervisor
from onehandler.serving.workers import Ties, Workers
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from onehandler.serving.loading import Loading
    from onehandler.serving.server import Place


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
    stays: bool = False,
    ready: Callable[[], None],
) -> None:
    """Serve a bundle until SIGTERM or SIGINT; requests under way then have `drain` seconds.

    `environ` is the process's environment, with the settings; `workers` 0 means one for each usable CPU; `ready` is
    called when all of them take connections. Raises BundleError, SettingsError or Unavailable when that cannot be.

    With `stays` this process remains what it is: a worker that dies is forked anew in milliseconds, from a parent that
    holds some megabytes more.

    This process may become another program (supervisor.py) and end with its exit code: nothing after the call is
    sure to run.
    """
    # ONNX Runtime's telemetry thread would make forking unsafe. It costs 2 MB and 2 ms, too, and would report.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    plan = Plan.of(environ, workers, usable_cpus())
    inherited = {**environ, "ORT_DISABLE_TELEMETRY": "1", "ONEHANDLER_THREADS": str(plan.threads)}
    settings, serving = Settings(inherited), ServingSettings.read(inherited)
    if serving.managed and plan.workers > 1:
        raise SettingsError(
            "one worker has all models that a platform manages, not several", where="--workers"
        )
    model = what_is_served(bundle, settings, serving)
    read_all_fast()
    ties = Ties.make(listener.fileno(), plan.workers)

    def run(running: Mapping[int, int]) -> None:
        ready()
        if not stays and model.stands_alone(bundle):
            become_supervisor(os.path.abspath(bundle), ties, drain, running, inherited)  # noqa: PTH100

    gc.collect()
    gc.freeze()  # what is there now stays shared: a collection would write to it
    start = Forking(lambda place: serve_at(place, model, drain), ties)
    listener.detach()  # the workers' parent closes it
    Workers(start, ties, drain, Telemetry.of(settings)).run(run)


def serve_at(place: Place, model: Loading, drain: float) -> None:
    """Be a worker until told to end."""
    read_all_fast()  # in the place of one that died, nobody has
    Server(model.dispatch(place.metrics), place, drain).run(sockets=[])
