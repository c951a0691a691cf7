"""The app's batch functions: what starts each."""

from __future__ import annotations

import json
import time
from importlib import import_module
from typing import TYPE_CHECKING

import azure.functions as func

from adapters.azure_functions.batch import Steps
from adapters.azure_functions.settings import STORAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.azure_functions.batch import Ports
    from onehandler.protocols import Served

_EVERY_FIVE_MINUTES = "0 */5 * * * *"


def add_batch(
    app: func.FunctionApp,
    drops: str,
    served: Callable[[], Served],
    environ: Mapping[str, str],
    storage: str,
) -> None:
    """Add plan, started as `drops` says, score and sweep. SettingsError for what is missing in the app's settings."""

    def connect() -> Ports:
        found: Ports = import_module(storage).connect(environ)
        return found

    steps = Steps(served, environ, connect, time.time)
    {"queue": _plan_from_queue, "event-grid": _plan_from_event_grid, "blob": _plan_from_blob}[drops](
        app, steps
    )

    @app.function_name("score")
    @app.queue_trigger(arg_name="msg", queue_name="%ONEHANDLER_BATCH_QUEUE%", connection=STORAGE)
    def score(msg: func.QueueMessage) -> None:
        steps.score(msg.get_body())

    @app.function_name("sweep")
    @app.timer_trigger(arg_name="timer", schedule=_EVERY_FIVE_MINUTES, use_monitor=True)
    def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001
        steps.sweep()


def _plan_from_queue(app: func.FunctionApp, steps: Steps) -> None:
    """Event Grid puts its events into a queue: they wait there, and those that fail end in its poison queue."""

    @app.function_name("plan")
    @app.queue_trigger(arg_name="msg", queue_name="%ONEHANDLER_BATCH_DROPS_QUEUE%", connection=STORAGE)
    def plan(msg: func.QueueMessage) -> None:
        steps.plan_event(msg.get_body())


def _plan_from_event_grid(app: func.FunctionApp, steps: Steps) -> None:
    """Event Grid calls the app itself."""

    @app.function_name("plan")
    @app.event_grid_trigger(arg_name="event")
    def plan(event: func.EventGridEvent) -> None:
        told = {"eventType": event.event_type, "subject": event.subject, "data": event.get_json()}
        steps.plan_event(json.dumps(told).encode())


def _plan_from_blob(app: func.FunctionApp, steps: Steps) -> None:
    """The host looks for new blobs, and hands each over whole: for plans without Event Grid, and files that fit.

    Binary, or the host would decode it as text.
    """

    @app.function_name("plan")
    @app.blob_trigger(
        arg_name="blob",
        path="%ONEHANDLER_BATCH_DROPS%/{name}",
        connection=STORAGE,
        data_type=func.DataType.BINARY,
    )
    def plan(blob: func.InputStream) -> None:
        steps.plan_blob(blob.name or "")
