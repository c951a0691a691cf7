"""An emulator that runs functions, and SnapStart functions in it."""

from __future__ import annotations

import base64
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from tests.layers.conftest import archives
from tests.local_emulator.aws.emulators import NoExecution, Running, make_function, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["archives"]

NEEDS_312 = pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="AWS has SnapStart for Python 3.12 and later; functions here run under this one",
)
ON = {"ApplyOn": "PublishedVersions"}


@dataclass(frozen=True)
class Answered:
    """What Invoke answered: payload and log tail."""

    payload: Any
    log: str
    error: str | None


@dataclass(frozen=True)
class Snapping:
    """An emulator, its folder, and what tests do with functions in it."""

    running: Running
    root: Path

    @property
    def functions(self) -> Any:
        return self.running.client("lambda")

    def create(self, name: str, source: str, **settings: Any) -> None:
        make_function(
            self.running, name, **{"Code": {"ZipFile": zipped(handler=source)}, "SnapStart": ON, **settings}
        )

    def publish(self, name: str) -> Any:
        """Publish a version; give its configuration once it is no longer pending."""
        version = self.functions.publish_version(FunctionName=name)["Version"]
        end = time.monotonic() + 30
        while (found := self.configuration(name, version))["State"] == "Pending":
            assert time.monotonic() < end, found
            time.sleep(0.01)
        return found

    def configuration(self, name: str, version: str) -> Any:
        return self.functions.get_function_configuration(FunctionName=name, Qualifier=version)

    def invoke(self, name: str, event: Any = None, version: str = "1") -> Answered:
        found = self.functions.invoke(
            FunctionName=name, Qualifier=version, Payload=json.dumps(event), LogType="Tail"
        )
        log = base64.b64decode(found["LogResult"]).decode()
        return Answered(json.load(found["Payload"]), log, found.get("FunctionError"))

    def invoke_at_once(self, name: str, times: int, event: Any) -> list[Answered]:
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.invoke(name, event), range(times)))

    def log(self, name: str, until: str) -> str:
        """Everything in the function's log group, once `until` is in it: lines arrive a moment later."""
        logs = self.running.client("logs")
        end = time.monotonic() + 10
        while True:
            found = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"] if found else []
            text = "".join(event["message"] for event in events)
            if until in text:
                return text
            assert time.monotonic() < end, text
            time.sleep(0.01)


@pytest.fixture(scope="module")  # one emulator at a time in a process
def snapping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapping]:
    root = tmp_path_factory.mktemp("emulator")
    with AwsEmulator(EmulatorSettings(root=root, port=0)) as emulator:
        yield Snapping(Running(emulator, NoExecution()), root)
