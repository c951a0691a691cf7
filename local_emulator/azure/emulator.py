"""The Azure emulator: a Functions host on 127.0.0.1 over Azurite, every part put together."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local_emulator.aws.execution.cleanup import remove_tree
from local_emulator.aws.execution.warden import Warden
from local_emulator.azure.app import App
from local_emulator.azure.deployment.app_settings import AppSettings, read_local_settings
from local_emulator.azure.deployment.host_json import read_host_settings
from local_emulator.azure.deployment.source import open_deployment
from local_emulator.azure.errors import SettingsRefused
from local_emulator.azure.storage.azurite import Azurite
from local_emulator.azure.workers.contracts import WorkerPlan
from local_emulator.azure.workers.environment import worker_environment
from local_emulator.azure.workers.environments import Environments
from local_emulator.azure.workers.pool import WorkerPool
from local_emulator.http.limits import MIB, Limits
from local_emulator.http.server import LOOPBACK, HttpServer, listen, listen_from

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.deployment.source import Deployment
    from local_emulator.azure.front.keys import Keys
    from local_emulator.azure.front.routes import Route
    from local_emulator.azure.settings import EmulatorSettings

_BODY = 100 * MIB  # Azure's default request limit, 104,857,600 bytes
_BODY_SETTING = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
_MOST_WORKERS = 10
_COUNT = "FUNCTIONS_WORKER_PROCESS_COUNT"


class AzureEmulator:
    """One app, running. `start` raises HostError when it cannot, and leaves nothing behind then."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._port = 0
        self._storage = ""
        self._pool: WorkerPool | None = None
        self.functions: Sequence[Function] = ()
        self.routes: Sequence[Route] = ()

    @property
    def url(self) -> str:
        """Where HTTP functions are called, without a slash at the end."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def connection_string(self) -> str:
        """The storage account, for Azure's tools and SDKs."""
        return self._storage

    @property
    def keys(self) -> Keys:
        """Every access key."""
        return self._settings.keys

    def worker_pids(self) -> list[int]:
        """Give the worker processes that take calls at this moment."""
        return [] if self._pool is None else self._pool.pids()

    def start(self) -> Self:
        """Start Azurite and the workers, index the app, and begin to listen."""
        with ExitStack() as opening:
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def close(self) -> None:
        """End everything. What runs gets a moment to finish."""
        self._open.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, opening: ExitStack) -> None:
        settings = self._settings
        root = self._root(opening)
        deployment = open_deployment(settings.path, root)
        host = read_host_settings(deployment.folder / "host.json")
        listener = _listener(settings)
        opening.callback(listener.close)
        self._port = listener.getsockname()[1]

        warden = Warden(root)
        opening.callback(warden.close)
        azurite = Azurite(root / "storage", warden)
        opening.callback(azurite.close)
        self._storage = azurite.start().connection_string
        given = {**read_local_settings(deployment.folder), **settings.settings}
        app_settings = AppSettings(given, self._storage)

        plan = self._plan(deployment, app_settings, root)
        pool = self._pool = WorkerPool(plan, _number(app_settings, _COUNT, 1, _MOST_WORKERS), warden)
        opening.callback(pool.close)
        app = App(pool.start(), pool, host, app_settings, settings)
        opening.callback(app.close)
        self.functions, self.routes = app.functions, app.routes
        # What runs is ended before anybody waits for it.
        opening.callback(pool.close)
        opening.callback(app.drain, settings.pace.drain)
        limits = Limits(body=_number(app_settings, _BODY_SETTING, _BODY), drain=settings.pace.drain)
        server = HttpServer(listener, app.front, limits)
        opening.callback(server.close)
        opening.callback(app.stop)
        app.start()
        server.start()

    def _root(self, opening: ExitStack) -> Path:
        root = self._settings.root
        if root is not None:
            root = root.resolve()
            root.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix="onehandler-azure-", dir=root)
        opening.callback(remove_tree, made)  # the warden does it, too, should this process vanish
        return Path(made)

    def _plan(self, deployment: Deployment, app_settings: AppSettings, root: Path) -> WorkerPlan:
        environments = Environments(note=self._settings.note)
        python = environments.python(deployment.python)
        packages = deployment.packages
        if deployment.requirements:
            packages = environments.packages(deployment.requirements, deployment.python)
        home = root / "home"
        home.mkdir()
        address = f"localhost:{self._port}"
        environment = worker_environment(app_settings.values, deployment.folder, home, address)
        return WorkerPlan(python, deployment.folder, packages, environment, self._settings.log)


def _listener(settings: EmulatorSettings) -> socket.socket:
    try:
        return (listen_from if settings.search_port else listen)(settings.port)
    except OSError as error:
        raise SettingsRefused(
            f"port {settings.port} cannot be had: {error}; choose another --port"
        ) from error


def _number(settings: AppSettings, name: str, default: int, most: int = sys.maxsize) -> int:
    """Read a setting that is a number of at least 1. Raises SettingsRefused."""
    text = settings.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise SettingsRefused(f"app setting {name} is {text!r}; a number from 1 to {most} is accepted")
    return int(text)
