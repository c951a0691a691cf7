"""The AWS emulator: every part put together, on one port of 127.0.0.1."""

from __future__ import annotations

import random
import secrets
import string
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from local_emulator.aws.cloudformation.clients import EndpointClients
from local_emulator.aws.cloudformation.local_addresses import LocalAddresses
from local_emulator.aws.cloudformation.operations import StackOperations
from local_emulator.aws.cloudformation.registry import OWN_TYPES, TypeRegistry, moto_models
from local_emulator.aws.composition import EmulatorSettings, RunningParts, Wiring
from local_emulator.aws.control_plane.functions import MotoFunctions
from local_emulator.aws.control_plane.log_sink import LogHomes, MotoLogSink
from local_emulator.aws.control_plane.machine import Machine, this_architecture
from local_emulator.aws.front.application import Front
from local_emulator.aws.front.composition import function_lanes
from local_emulator.aws.front.control_plane import moto_account_of, moto_control_plane
from local_emulator.aws.front.function_urls.moto_urls import MotoFunctionUrlDirectory
from local_emulator.aws.front.gateway.moto_apis import MotoApiDirectory
from local_emulator.aws.front.health import HealthLane
from local_emulator.aws.front.moto_page import MotoPageLane
from local_emulator.aws.front.queue_lane import QueueLane
from local_emulator.aws.moto_patches.registry import PATCHES, PatchedMoto
from local_emulator.aws.services import Services
from local_emulator.http.server import LOOPBACK, HttpServer, listen, listen_from
from onehandler import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_emulator.aws.composition import Parts
    from local_emulator.aws.moto_patches.patching import Patch

_SUFFIX = string.ascii_uppercase + string.digits
__all__ = ["AwsEmulator", "EmulatorSettings"]

SERVICES = (
    "apigatewayv2",
    "cloudformation",
    "dynamodb",
    "events",
    "iam",
    "lambda",
    "logs",
    "s3",
    "sagemaker",
    "sns",
    "sqs",
    "sts",
)


class AwsEmulator:
    """An emulator of AWS in this process; one at a time, any number after each other.

    `make_parts` builds what runs functions and moves messages; tests of the control plane do without.
    """

    def __init__(
        self,
        settings: EmulatorSettings,
        make_parts: Callable[[Wiring], Parts] = RunningParts,
        patches: Sequence[Patch] = PATCHES,
    ) -> None:
        self._settings = settings
        self._make_parts = make_parts
        self._patches = patches
        self._open = ExitStack()
        self._port = 0

    @property
    def endpoint_url(self) -> str:
        """What clients take for AWS_ENDPOINT_URL. Raises RuntimeError before `start`."""
        if not self._port:
            raise RuntimeError("the emulator has no endpoint yet: call start() first")
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> Self:
        """Start every part. When one fails, those before it are closed again and the error is raised."""
        with ExitStack() as opening:
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def close(self) -> None:
        """Close every part, the last first; moto is left as it was found. Closing twice is closing once."""
        self._open.close()
        self._port = 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, opening: ExitStack) -> None:
        settings = self._settings
        settings.root.mkdir(parents=True, exist_ok=True)
        listener = (listen_from if settings.search_port else listen)(settings.port)
        opening.callback(listener.close)
        self._port = listener.getsockname()[1]

        homes = LogHomes()
        functions = MotoFunctions(random.random, homes)
        # moto is emptied before there are parts, and after they are closed: what they hold is in it.
        opening.callback(forget_everything)
        forget_everything()
        wiring = Wiring(settings, self.endpoint_url, MotoLogSink(homes), functions, homes.note)
        parts = self._make_parts(wiring)
        clients = EndpointClients(lambda: self.endpoint_url)
        opening.callback(clients.close)
        patched = PatchedMoto((*self._patches, *parts.patches))
        opening.callback(patched.remove)
        opening.callback(parts.close)  # before the patches go: pollers work until then
        patched.apply(self._services(parts, clients))
        parts.start()

        lanes = function_lanes(
            functions,
            parts.runner,
            parts.async_invoker,
            MotoApiDirectory(),
            MotoFunctionUrlDirectory(),
            moto_account_of,
        )
        health = HealthLane(__version__, SERVICES, datetime.now(UTC))
        moto = moto_control_plane(self._port)
        sending = QueueLane(parts.queue, moto_account_of, moto)
        server = HttpServer(listener, Front((*lanes, *parts.lanes, health, MotoPageLane(), sending), moto))
        opening.callback(server.close)
        server.start()

    def _services(self, parts: Parts, clients: EndpointClients) -> Services:
        apis = MotoApiDirectory()
        addresses = LocalAddresses(lambda: self._port, lambda api_id: api_id in apis.api_ids())
        types = TypeRegistry(OWN_TYPES, moto_models())
        return Services(
            machine=Machine(this_architecture(), parts.runtimes),
            retire=parts.retire,
            prepare=parts.prepare,
            snap_starts=parts.snap_starts,
            async_invoker=parts.async_invoker,
            stacks=StackOperations(types, clients, addresses, _suffix),
            addresses=addresses,
        )


def forget_everything() -> None:
    """Empty all of moto's backends, which belong to the process and not to an emulator."""
    from moto.moto_api._internal.models import moto_api_backend
    from moto.s3.models import s3_backends

    moto_api_backend.reset()
    # Not part of moto's own reset: a name that is left here sends the next emulator's bucket of that name in circles.
    s3_backends.bucket_accounts.clear()


def _suffix() -> str:
    return "".join(secrets.choice(_SUFFIX) for _ in range(12))
