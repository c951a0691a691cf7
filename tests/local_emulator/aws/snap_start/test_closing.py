"""The end of an emulator in the middle of an init phase."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from tests.local_emulator.aws.emulators import NoExecution, Running, make_function, zipped
from tests.local_emulator.aws.snap_start.conftest import NEEDS_312, ON

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = NEEDS_312


def test_the_emulator_closes_while_a_version_is_pending(tmp_path: Path) -> None:
    with AwsEmulator(EmulatorSettings(root=tmp_path, port=0)) as emulator:
        running = Running(emulator, NoExecution())
        code = {"ZipFile": zipped(handler="import time\ntime.sleep(60)")}
        make_function(running, Code=code, SnapStart=ON)
        assert running.client("lambda").publish_version(FunctionName="f")["State"] == "Pending"
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []
