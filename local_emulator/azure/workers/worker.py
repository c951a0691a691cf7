"""One worker process, from its start to its end."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_emulator.azure.errors import AppFailed, DeploymentRefused
from local_emulator.azure.workers.channel import Channel
from local_emulator.azure.workers.contracts import Failure, Index, IndexedFunction, LogLine, Outcome, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.warden import Warden
    from local_emulator.azure.workers.contracts import Call, WorkerPlan

_PROGRAM = Path(__file__).parents[1] / "worker_program" / "program.py"
HOST_VERSION = "4.1037.0"  # what apps are told; the rules followed here are this version's
_START_S = 120.0  # importing an app; Azure's own limit is half of it, on a machine that is not shared
_LISTEN_S = 30.0
_LAST_WORDS_S = 2.0  # for output that processes outside the group still hold open


class Worker:
    """A process in a group of its own, running the worker program. `ended` is told once, with this worker."""

    def __init__(self, plan: WorkerPlan, warden: Warden, ended: Callable[[Worker], None]) -> None:
        self._plan = plan
        self._warden = warden
        self._killing = threading.Lock()
        self.was_killed = False
        ours, theirs = socket.socketpair()
        output, their_output = os.pipe()
        try:
            self._process = _spawn(plan, theirs.fileno(), their_output)
        except OSError:
            ours.close()
            os.close(output)
            raise
        finally:
            theirs.close()
            os.close(their_output)
        warden.watch(self._process.pid)
        self._output = threading.Thread(
            target=self._copy, args=(output,), name="azure-worker-output", daemon=True
        )
        self._output.start()
        self._channel = Channel(ours, self._log, lambda: ended(self))

    @property
    def pid(self) -> int:
        """The process, which leads its group."""
        return self._process.pid

    def start(self) -> Index:
        """Have the app indexed. Raises AppFailed, DeploymentRefused and WorkerGone."""
        document = {
            "function_app_directory": str(self._plan.app),
            "host_version": HOST_VERSION,
            "worker_directory": str(_PROGRAM.parent),
        }
        try:
            answer = self._channel.send("start", document).result(_START_S)
        except FutureTimeoutError:
            self.kill()
            raise AppFailed(
                f"importing function_app.py took more than {_START_S:g} s; the worker was ended"
            ) from None
        index = _index(answer)
        if index.http_url:
            _wait_for_listener(index.http_url)
        return index

    def invoke(self, call: Call) -> Outcome:
        """Run a function; a run over its time ends the whole worker, as on Azure. Raises WorkerGone."""
        answer = self._channel.send("invoke", _document(call))
        try:
            return _outcome(answer.result(call.timeout_s))
        except FutureTimeoutError:
            self.kill()
            return Outcome(
                failure=Failure(f"Timeout value of {_clock(call.timeout_s)} was exceeded by function")
            )

    def kill(self) -> None:
        """End the process group at once; every running call raises WorkerGone."""
        self.was_killed = True
        with self._killing:
            if self._process.returncode is None:
                # Before waiting: until then nobody else can have the number.
                os.killpg(self._process.pid, signal.SIGKILL)
                self._warden.forget(self._process.pid)
                self._process.wait()

    def close(self) -> None:
        """End the process and everything that was started for it."""
        self.kill()
        self._channel.close()
        self._output.join(_LAST_WORDS_S)

    def _log(self, line: dict[str, Any]) -> None:
        self._plan.log(
            LogLine(line["text"], line["level"], line["logger"], line["invocation_id"], line["system"])
        )

    def _copy(self, output: int) -> None:
        with os.fdopen(output, "rb") as pipe:
            for line in pipe:
                self._plan.log(LogLine(line.decode(errors="replace").rstrip(), logging.INFO))


def _spawn(plan: WorkerPlan, sock: int, output: int) -> subprocess.Popen[bytes]:
    program = [str(plan.python), "-P", str(_PROGRAM)]
    return subprocess.Popen(
        [*program, str(sock), str(plan.app), str(plan.packages or "")],
        cwd=plan.app,
        env=dict(plan.environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(sock,),
        start_new_session=True,
    )


def _index(answer: dict[str, Any]) -> Index:
    refused = answer.get("refused")
    if refused:
        raise AppFailed(
            f"the app's functions could not be indexed: {refused['message']}\n{refused['stack_trace']}"
        )
    if answer["functions"] is None:
        raise DeploymentRefused(
            "the app has no function_app.py (or none where PYTHON_SCRIPT_FILE_NAME says); the v1 model with "
            "function.json files is not run here: use the v2 model's decorators"
        )
    functions = tuple(
        IndexedFunction(
            found["name"],
            found["id"],
            tuple(json.loads(text) for text in found["bindings"]),
            found["retries"],
        )
        for found in answer["functions"]
    )
    return Index(functions, answer["capabilities"].get("HttpUri"))


def _wait_for_listener(url: str) -> None:
    """Wait until the worker's own server listens: it is told of before it does."""
    parts = urlsplit(url)
    deadline = time.monotonic() + _LISTEN_S
    while True:
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), _LISTEN_S).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise AppFailed(f"the HTTP streaming extension does not listen at {url}: {error}") from error
            time.sleep(0.01)
        else:
            return


def _document(call: Call) -> dict[str, Any]:
    return {
        "invocation_id": call.invocation_id,
        "function_id": call.function_id,
        "inputs": [[name, _plain(value)] for name, value in call.inputs.items()],
        "metadata": {name: _plain(value) for name, value in call.metadata.items()},
        "trace_parent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00",
    }


def _plain(value: Value | None) -> list[Any] | None:
    return None if value is None else [value.kind, value.content]


def _outcome(answer: dict[str, Any]) -> Outcome:
    if answer["failure"] is not None:
        return Outcome(failure=Failure(answer["failure"]["message"], answer["failure"]["stack_trace"]))
    outputs = {name: _value(value) for name, value in answer["outputs"].items()}
    return Outcome(_value(answer["returned"]), outputs)


def _value(plain: list[Any] | None) -> Value | None:
    return None if plain is None else Value(plain[0], plain[1])


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
