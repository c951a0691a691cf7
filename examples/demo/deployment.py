"""The emulator as a process of its own, and the real `osls deploy` against it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from examples.demo.model import BUNDLE
from examples.demo.steps import StepFailed, run, say
from layers.wheels import this_arch
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READY_S = 60


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where everything is, once deployed."""

    endpoint: str
    api: str
    drops: str
    results: str


@contextmanager
def emulator(log: Path) -> Iterator[str]:
    """Run `onehandler emulate` and give its endpoint; afterwards end it and everything it started."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "onehandler.cli.main", "emulate", "--json"]
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()  # one object, once it answers
        if not line:
            raise StepFailed(f"the emulator did not start: {log.read_text()[-2000:]}")
        endpoint = json.loads(line)["endpoint"]
        say(f"AWS endpoint {endpoint}, log in {log}")
        yield endpoint
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_READY_S)


def environment(endpoint: str) -> dict[str, str]:
    """What makes AWS's own tools talk to the emulator, with credentials that are none."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "SLS_AWS_MONITORING_FREQUENCY": "300",
        "NODE_OPTIONS": "--no-warnings",
        "CI": "1",
    }


@contextmanager
def talking_to(endpoint: str) -> Iterator[None]:
    """boto3 in this process talks to the emulator, for the length of a with block."""
    wanted = environment(endpoint)
    names = [name for name in wanted if name.startswith("AWS_")]
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update({name: wanted[name] for name in names})
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)


def parameters(bundle: Path = BUNDLE) -> list[str]:
    """The machine's own architecture and Python, instead of serverless.yml's arm64."""
    found = {
        "bundle": str(bundle),
        "architecture": this_arch(),
        "python": this_version(),
    }
    return [f"--param={name}={value}" for name, value in found.items()]


def deploy(endpoint: str, bundle: Path = BUNDLE, service: Path = Path()) -> Deployment:
    """`osls deploy` of the service in a folder, then ask CloudFormation where things are."""
    osls = shutil.which("osls") or "node_modules/.bin/osls"
    environ = environment(endpoint)
    run([str(Path(osls).absolute()), "deploy", *parameters(bundle)], environ, folder=service)
    with talking_to(endpoint):
        outputs = _outputs()
    api = re.sub(r".*?//([^.]+)\..*", r"\1", outputs["HttpApiUrl"])
    return Deployment(endpoint, f"{endpoint}/_api/{api}", outputs["DropsBucket"], outputs["ResultsBucket"])


def wait_for_interrupt() -> None:
    """Stay until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say("stopping")


def _outputs() -> Mapping[str, str]:
    stack = boto3.client("cloudformation").describe_stacks(StackName="onehandler-dev")["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
