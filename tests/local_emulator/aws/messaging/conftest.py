"""moto's own HTTP server in this process, with only the messaging patches on.

Patches belong to the process. They are put on for each test module and taken off after it, so that modules
that run a whole emulator, in the same worker of pytest-xdist, find moto as it was released.
"""

from __future__ import annotations

import contextlib
import io
import logging
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from local_emulator.aws.asynchronous.ports import RetrySettings
from local_emulator.aws.control_plane.functions import MotoFunctions
from local_emulator.aws.control_plane.log_sink import LogHomes
from local_emulator.aws.messaging import Messaging
from local_emulator.aws.moto_patches import base_model_leak
from local_emulator.aws.moto_patches.registry import PatchedMoto
from onehandler.pythons import this_version
from tests.local_emulator.aws.front.aws import aws_client
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION
from tests.local_emulator.aws.messaging.fakes import ScriptedRunner

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Cloud:
    """What a test talks to."""

    port: int
    runner: ScriptedRunner
    messaging: Messaging

    def client(self, service: str) -> Any:
        return aws_client(service, self.port)

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """Create a queue; gives its URL and ARN."""
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def function(self, name: str, timeout: int = 3) -> str:
        """Create a function that the scripted runner stands for; gives its ARN."""
        iam = self.client("iam")
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("app.py", "def handler(event, context): ...")
        created = self.client("lambda").create_function(
            FunctionName=name,
            Runtime=f"python{this_version()}",
            Role=f"arn:aws:iam::{ACCOUNT}:role/role",
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=timeout,
        )
        arn: str = created["FunctionArn"]
        return arn

    def counts(self, url: str) -> tuple[int, int, int]:
        """Give how many messages are visible, in flight and delayed."""
        names = [f"ApproximateNumberOfMessages{each}" for each in ("", "NotVisible", "Delayed")]
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        visible, in_flight, delayed = (int(found[name]) for name in names)
        return visible, in_flight, delayed


@pytest.fixture(scope="module")
def patched_moto() -> Iterator[Cloud]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    runner = ScriptedRunner()
    functions = MotoFunctions(lambda: 0.0, LogHomes())
    messaging = Messaging(runner, functions, RetrySettings((0.05, 0.05), 0.02, 0.1))
    patched = PatchedMoto((base_model_leak.PATCH, *messaging.patches))
    services: Any = None  # none of these patches asks for any
    patched.apply(services)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    messaging.start()
    try:
        yield Cloud(server.get_host_and_port()[1], runner, messaging)
    finally:
        messaging.stop()
        messaging.close()
        server.stop()
        moto_api_backend.reset()
        patched.remove()


@pytest.fixture
def cloud(patched_moto: Cloud) -> Iterator[Cloud]:
    """Hand out the cloud with nothing in it."""
    patched_moto.runner.forget()
    yield patched_moto
    patched_moto.messaging.forget()
    moto_api_backend.reset()
