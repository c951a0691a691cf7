from __future__ import annotations

import resource
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.errors import ExecutorClosed
from local_emulator.aws.execution.process import RuntimeProcess
from local_emulator.aws.execution.warden import Warden
from tests.local_emulator.aws.execution.functions import answer, function, invocation, is_running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.execution.executor import Executor


@pytest.fixture
def warden(tmp_path: Path) -> Iterator[Warden]:
    (tmp_path / "run").mkdir()
    made = Warden(tmp_path / "run")
    yield made
    made.close()


def descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_a_process_ends_with_all_that_it_started(warden: Warden, tmp_path: Path) -> None:
    before = len(descriptors())
    process = RuntimeProcess(
        ["/bin/sh", "-c", "sleep 600 & echo $!; wait"], tmp_path, {"PATH": "/usr/bin:/bin"}, warden
    )
    child = int(process.read_output())
    assert is_running(child)
    assert process.peak_memory_kb() > 0
    assert process.end() == process.end() == -9
    process.close()
    wait_until(lambda: not is_running(child))
    assert len(descriptors()) == before


def test_a_program_that_is_missing_leaves_nothing_open(warden: Warden, tmp_path: Path) -> None:
    before = len(descriptors())
    with pytest.raises(FileNotFoundError):
        RuntimeProcess([str(tmp_path / "none")], tmp_path, {}, warden)
    assert len(descriptors()) == before


def test_nothing_starts_once_the_warden_is_closed(warden: Warden, tmp_path: Path) -> None:
    warden.close()
    before = len(descriptors())
    with pytest.raises(ExecutorClosed):
        RuntimeProcess(["/bin/sleep", "600"], tmp_path, {}, warden)
    assert len(descriptors()) == before


OUT_OF_DESCRIPTORS = """
import resource, subprocess, sys
from pathlib import Path
from local_emulator.aws.execution.process import RuntimeProcess
from local_emulator.aws.execution.warden import Warden
folder = Path(sys.argv[1])
warden = Warden(folder)
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    RuntimeProcess(["/bin/sleep", "600"], folder, {}, warden)
except OSError as error:
    print("refused", error.errno)
else:
    print("started")
children = Path(f"/proc/self/task/{__import__('os').getpid()}/children").read_text().split()
print(len(children))
"""


def test_running_out_of_descriptors_leaves_no_process(tmp_path: Path) -> None:
    seen = set()
    for limit in range(4, 14):
        folder = tmp_path / str(limit)
        folder.mkdir()
        command = [sys.executable, "-c", OUT_OF_DESCRIPTORS, str(folder), str(limit)]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
        seen.add(found[0])
        assert found[1] == ("2" if found[0] == "started" else "1")  # the warden, and the process
    assert seen == {"refused 24", "started"}
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 14


def test_a_connection_that_is_reset_before_it_is_taken(executor: Executor) -> None:
    source = "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    host, _, port = answer(executor.invoke(function(source), invocation())).partition(":")
    for _ in range(5):
        client = socket.create_connection((host, int(port)))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert answer(executor.invoke(function(source), invocation())) == f"{host}:{port}"
