"""Cold starts of the deployed predict function, as AWS starts it: archive, layers, stock runtime client."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onehandler.pythons import this_version
from tests.adapters.aws_lambda.golden import golden
from tests.functions.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RECORDER = Path(__file__).with_name("recorder.py")
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")


@dataclass(frozen=True)
class Deployed:
    """A function: its Python, where AWS would have /var/task and /opt, its entry point, its own PYTHONPATH."""

    python: Path
    task: Path
    opt: Path
    handler: str
    python_path: str = ""  # as on AWS: /var/task/…

    def names_of(self, paths: Iterable[str]) -> set[str]:
        """What is deployed of these files, by their names on AWS; bytecode goes by its source."""
        return {named for path in paths if (named := self._named(Path(path)))}

    def _named(self, path: Path) -> str:
        for name, folder in (("/var/task", self.task), ("/opt", self.opt)):
            if path.is_relative_to(folder):
                inside = f"{name}/{path.relative_to(folder)}"
                inside = re.sub(r"__pycache__/(\w+)\.cpython-\d+\.pyc$", r"\1.py", inside)
                return re.sub(r"frozen\.cpython-\d+\.bin$", "frozen.bin", inside)
        return ""


@dataclass(frozen=True)
class Recorded:
    """What one process had loaded and opened when its first answer was out."""

    answer: Any
    modules: frozenset[str]
    files: frozenset[str]  # real paths

    @property
    def size(self) -> int:
        """Bytes of all files opened."""
        return sum(Path(path).stat().st_size for path in self.files)


def recorded(deployed: Deployed) -> Recorded:
    """Start once under an audit hook that notes what is opened."""
    reading, writing = os.pipe()
    command = [deployed.python, "-B", "-P", "-S", RECORDER, deployed.handler, writing]
    with _instance(deployed, command, (writing,)) as (api, process), os.fdopen(reading) as noted:
        os.close(writing)
        answer = _answered(api)
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        lines = [line.rstrip("\n").partition(" ") for line in noted]
    files = {str(Path(name).resolve()) for kind, _, name in lines if kind == "file" and Path(name).is_file()}
    modules = {name for kind, _, name in lines if kind == "module"}
    return Recorded(answer, frozenset(modules), frozenset(files))


def instructions(deployed: Deployed, valgrind: str) -> int:
    """Count the instructions of one start, all threads and the kernel's share left out."""
    # Cachegrind without its caches counts what callgrind counts (0.2 % apart) in 60 % of the time.
    tool = [valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    command = [*tool, deployed.python, "-B", "-P", "-m", "awslambdaric", deployed.handler]
    with _instance(deployed, command) as (api, process):
        _answered(api)
        process.send_signal(signal.SIGTERM)  # valgrind tells its count, then ends
        _, said = process.communicate(timeout=60)
    found = _COUNTED.search(said.decode())
    assert found, said.decode()
    return int(found[1].replace(",", ""))


def _answered(api: RuntimeApi) -> Any:
    kind, result = api.invoke(golden("http_api"))
    assert (kind, result.get("statusCode")) == ("response", 200), result
    return result


@contextmanager
def _instance(
    deployed: Deployed, command: Sequence[object], descriptors: Sequence[int] = ()
) -> Iterator[tuple[RuntimeApi, subprocess.Popen[bytes]]]:
    api = RuntimeApi()
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=deployed.task,
        env=_environment(deployed, api.address),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=descriptors,
    )
    try:
        yield api, process
    finally:
        process.kill()
        process.communicate(timeout=10)
        api.close()


def _environment(deployed: Deployed, api: str) -> dict[str, str]:
    own = deployed.python_path.replace("/var/task", str(deployed.task)).replace("/opt", str(deployed.opt))
    return {
        # The runtime client chooses by it how it waits: with a thread pool, for these versions.
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{this_version()}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_FUNCTION_NAME": "predict",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": api,
        "LAMBDA_TASK_ROOT": str(deployed.task),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"{deployed.opt}/lib:{deployed.task}:{deployed.task}/lib",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONHASHSEED": "0",  # sets and dicts in one order: counts repeat
        "PYTHONPATH": ":".join(filter(None, [str(deployed.task), f"{deployed.opt}/python", own])),
        "_HANDLER": deployed.handler,
    }
