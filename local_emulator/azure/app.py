"""One indexed app: its functions behind their triggers and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.azure.bindings.execution import Execution
from local_emulator.azure.bindings.outputs import Outputs
from local_emulator.azure.deployment.functions import read_function
from local_emulator.azure.front.admin import AdminApi
from local_emulator.azure.front.application import Application
from local_emulator.azure.front.carriers import InvocationCarrier, StreamingCarrier
from local_emulator.azure.front.functions import HttpFunctions
from local_emulator.azure.front.routes import Router
from local_emulator.azure.front.webhooks import Webhooks
from local_emulator.azure.storage.accounts import Accounts
from local_emulator.azure.storage.connections import Connections
from local_emulator.azure.triggers.composition import Surroundings, TriggerMaker
from local_emulator.azure.triggers.manual import ManualRuns
from local_emulator.azure.triggers.nudges import Nudges
from local_emulator.azure.triggers.triggers import Triggers

if TYPE_CHECKING:
    from local_emulator.azure.deployment.app_settings import AppSettings
    from local_emulator.azure.deployment.host_json import HostSettings
    from local_emulator.azure.settings import EmulatorSettings
    from local_emulator.azure.workers.contracts import Index
    from local_emulator.azure.workers.pool import WorkerPool


class App:
    """Puts the parts of one app together. Raises HostError for what cannot be run here."""

    def __init__(
        self,
        index: Index,
        pool: WorkerPool,
        host: HostSettings,
        app_settings: AppSettings,
        settings: EmulatorSettings,
    ) -> None:
        self._accounts = Accounts()
        connections = Connections(app_settings, self._accounts)
        found = [read_function(function) for function in index.functions]
        self.functions = tuple(function for function in found if not app_settings.disabled(function.name))
        for function in self.functions:
            connections.check(function)

        nudges = Nudges()
        outputs = Outputs(connections, base64_messages=host.queues.base64, told=nudges.tell)
        execution = Execution(pool, connections, outputs, host.function_timeout_s)
        maker = TriggerMaker(
            Surroundings(host, settings.pace, settings.clock, connections, execution, nudges)
        )
        maker.add(self.functions, settings.subscriptions)
        self._triggers = Triggers(maker.triggers)
        router = Router(self.functions, host.http.route_prefix)
        self.routes = router.routes
        self._carrier = _carrier(index, pool, execution, host.function_timeout_s)
        patience = settings.pace.http_patience
        self._http = HttpFunctions(router, settings.keys, self._carrier, host.http, patience)
        self._manual = ManualRuns(execution)
        admin = AdminApi(self.functions, settings.keys, self._manual)
        self._webhooks = Webhooks(maker.takers, settings.keys)
        homepage = not app_settings.flag("AzureWebJobsDisableHomepage")
        self.front = Application((admin, self._webhooks, self._http), homepage=homepage)

    def start(self) -> None:
        """Let the triggers begin."""
        self._triggers.start()

    def stop(self) -> None:
        """Let no trigger begin anything more."""
        self._triggers.stop()

    def drain(self, seconds: float) -> None:
        """Give what runs a moment."""
        self._triggers.drain(seconds)

    def close(self) -> None:
        """Wait for what runs; the workers are closed before, so that it ends."""
        self._triggers.close()
        self._manual.close()
        self._webhooks.close()
        self._http.close()
        self._carrier.close()
        self._accounts.close()


def _carrier(
    index: Index, pool: WorkerPool, execution: Execution, timeout_s: float
) -> InvocationCarrier | StreamingCarrier:
    """Choose as the host does: by what the worker said of itself."""
    if index.http_url is None:
        return InvocationCarrier(execution)
    return StreamingCarrier(execution, pool, timeout_s)
