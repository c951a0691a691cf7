"""Emulators for tests, and what tests put into them."""

from __future__ import annotations

import gc
import io
import json
import subprocess
import warnings
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

from local_emulator.aws.control_plane.snap_start import VersionState
from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from local_emulator.aws.moto_patches.registry import PATCHES
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
    from local_emulator.aws.moto_patches.patching import Patch
    from local_emulator.aws.queues.queue import StandardQueue

REGION = "us-east-1"
ACCOUNT = "123456789012"
RUNTIME = f"python{this_version()}"
_session = boto3.session.Session("test", "test", region_name=REGION)  # reads each model once
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


@dataclass
class NoExecution:
    """Stands where functions would run, for tests of what surrounds them: it keeps what it is told."""

    events: list[tuple[FunctionSnapshot, bytes]] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    snapshots: list[FunctionSnapshot] = field(default_factory=list)

    runtimes = tuple({RUNTIME, "python3.13"})  # SnapStart is for 3.12 and later
    patches = ()
    lanes = ()

    @property
    def runner(self) -> NoExecution:
        return self

    @property
    def snap_starts(self) -> NoExecution:
        return self

    def begin(self, function: FunctionSnapshot) -> None:
        self.snapshots.append(function)

    def state_of(self, arn: str) -> VersionState:
        return VersionState()

    @property
    def async_invoker(self) -> NoExecution:
        return self

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        raise AssertionError(f"{function.arn} was invoked in a test that runs no functions")

    def enqueue(self, function: FunctionSnapshot, payload: bytes, request_id: str) -> None:
        self.events.append((function, payload))

    def start(self) -> None:
        pass

    def queue(self, arn: str) -> StandardQueue | None:
        del arn  # moto keeps its own here

    def retire(self, arn: str) -> None:
        self.retired.append(arn)

    def prepare(self, function: FunctionSnapshot) -> None:
        self.prepared.append(function.arn)

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Running:
    """An emulator that is up, and clients for it."""

    emulator: AwsEmulator
    execution: NoExecution

    def client(self, service: str) -> Any:
        make: Any = _session.client
        return make(service, endpoint_url=self.emulator.endpoint_url)


@contextmanager
def control_plane(root: Path, patches: Sequence[Patch] = PATCHES) -> Iterator[Running]:
    """Run an emulator that runs no functions."""
    execution = NoExecution()
    settings = EmulatorSettings(root, port=0)
    with AwsEmulator(settings, lambda *_: execution, patches) as emulator:
        yield Running(emulator, execution)


def collect_what_moto_left() -> None:
    """Collect the child and the pipe that unpatched moto leaves when it looks for Docker, warning of nothing.

    Python keeps an unwaited child until the next one is started, which would be in some other test.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        subprocess.run(["true"], check=True)
        gc.collect()


def zipped(**files: str | bytes) -> bytes:
    """Make an archive; `handler="…"` becomes handler.py. Equal files make equal bytes, whatever the time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.py"), text)
    return packed.getvalue()


def make_role(running: Running, name: str = "role") -> str:
    """Create a role that functions may have; give its ARN."""
    answer = running.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    arn: str = answer["Role"]["Arn"]
    return arn


def make_function(running: Running, name: str = "f", **settings: Any) -> Any:
    """Create a function; give the answer."""
    role = settings.pop("Role", None) or make_role(running, f"{name}-role")
    given = {
        "Runtime": RUNTIME,
        "Handler": "handler.handle",
        "Code": {"ZipFile": zipped(handler="def handle(event, context): return 1")},
        **settings,
    }
    return running.client("lambda").create_function(FunctionName=name, Role=role, **given)
