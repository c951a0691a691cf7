"""The predict function of a bundle, built and run as serverless.yml deploys it, for `onehandler bench`."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from layers.build import build_layer
from layers.bytecode import compile_folder
from layers.function import FUNCTIONS, build_function
from layers.wheels import this_arch
from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation
from local_emulator.aws.execution.errors import ExecutionError
from local_emulator.aws.execution.executor import Executor
from local_emulator.aws.execution.interpreters import Interpreters
from onehandler.bench import trace
from onehandler.bench.breakdown import Span, Trace
from onehandler.bench.deployment import Call
from onehandler.errors import BundleError, ModelError, SettingsError
from onehandler.openapi.samples import sample_inputs, sample_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_emulator.aws.execution.contracts import Outcome
    from onehandler.bundle import Bundle

_ARN = "arn:aws:lambda:us-east-1:123456789012:function"
_STARTUP = "/var/task/functions/startup:/var/runtime"  # PYTHONPATH, as serverless.yml gives it
_TRACE_FILE = "ONEHANDLER_BENCH_TRACE"
_TIMEOUT_S = 29
_OK = 200
_SHOWN = 2000


class _NoSink:
    """Drops the log lines: an invocation's own come with its outcome."""

    def write(self, group: str, stream: str, lines: bytes, timestamp_ms: int) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be deployed: the bundle, the version of Lambda's Python, the memory setting."""

    bundle: Bundle
    python: str
    memory_mb: int


@contextmanager
def deployed(wanted: Wanted, told: Callable[[str], None]) -> Iterator[LambdaDeployment]:
    """Build, and be ready to start. Raises OnehandlerError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="onehandler-bench-")))
        interpreters = Interpreters(note=told)
        _check_runtime(interpreters, wanted.python)
        plain = _snapshot(wanted, folder / "archives", told)
        executor = stack.enter_context(
            Executor(folder / "run", interpreters, "http://127.0.0.1:4566", _NoSink())
        )
        yield LambdaDeployment(executor, plain, _event(wanted.bundle), _tracer(folder, wanted.python))


def _check_runtime(interpreters: Interpreters, python: str) -> None:
    """Before anything is built for it."""
    try:
        interpreters.executable(f"python{python}")
    except ExecutionError as error:
        raise SettingsError(str(error), where="--python") from error


class LambdaDeployment:
    """Implements onehandler.bench.deployment.Deployment on the emulator's execution."""

    def __init__(self, executor: Executor, plain: FunctionSnapshot, event: bytes, tracer: Path) -> None:
        self._executor = executor
        self._plain = plain
        self._event = event
        self._trace = tracer / "trace.json"
        path = f"{tracer}:{_STARTUP}"
        self._traced = replace(
            plain,
            arn=f"{_ARN}:traced:$LATEST",
            environment=(*_environment(path), (_TRACE_FILE, str(self._trace))),
        )
        self._numbers = count()
        for function in (self._plain, self._traced):
            self._prepare(function)  # each holds the unpacked code while the other starts anew

    def cold(self) -> Call:
        """Invoke on a new instance."""
        self._restart(self._plain)
        return self._call(self._plain)

    def warm(self) -> Call:
        """Invoke on the instance of the last `cold`."""
        return self._call(self._plain)

    def traced(self) -> Trace:
        """Invoke on a new instance whose notes are read when it answers again, which is after they were written."""
        self._trace.unlink(missing_ok=True)
        self._restart(self._traced)
        began = time.monotonic_ns()
        self._invoke(self._traced)
        ended = time.monotonic_ns()
        outcome = self._invoke(self._traced)
        if not self._trace.is_file():
            raise ModelError(
                f"the traced start noted nothing: {outcome.log.decode(errors='replace')[-_SHOWN:]}"
            )
        found = json.loads(self._trace.read_bytes())
        marks = tuple((name, at) for name, at in found["marks"])
        return Trace(began, marks, tuple(Span(*each) for each in found["beside"]), ended, found["cpu"])

    def _call(self, function: FunctionSnapshot) -> Call:
        began = time.monotonic_ns()
        outcome = self._invoke(function)
        wall_ms = (time.monotonic_ns() - began) / 1e6
        return Call(wall_ms, outcome.duration_ms, outcome.max_memory_mb)

    def _restart(self, function: FunctionSnapshot) -> None:
        self._executor.retire(function.arn)
        self._prepare(function)

    def _prepare(self, function: FunctionSnapshot) -> None:
        try:
            self._executor.prepare(function)
        except ExecutionError as error:
            raise BundleError(str(error)) from error

    def _invoke(self, function: FunctionSnapshot) -> Outcome:
        try:
            outcome = self._executor.invoke(function, Invocation(self._event, f"bench-{next(self._numbers)}"))
        except ExecutionError as error:
            raise BundleError(str(error)) from error
        _check(outcome, function)
        return outcome


def _check(outcome: Outcome, function: FunctionSnapshot) -> None:
    """Raise unless the model has answered: times of errors say nothing."""
    answer: Any = json.loads(outcome.payload)
    if outcome.function_error is None and answer["statusCode"] == _OK:
        return
    if b"Runtime.OutOfMemory" in outcome.payload:
        raise ModelError(
            f"the function needs more than its {function.memory_mb} MB; try again with a larger --memory"
        )
    said = str(answer.get("body") or answer.get("errorMessage") or answer)
    raise ModelError(f"the deployed function did not answer the bundle's sample: {said[:_SHOWN]}")


def _snapshot(wanted: Wanted, out: Path, told: Callable[[str], None]) -> FunctionSnapshot:
    function = FUNCTIONS["predict"]
    layers = {}
    for name in function.layers:
        told(f"building layer-{name}.zip")
        layers[name] = build_layer(name, this_arch(), wanted.python, out)
    told("building predict.zip")
    archive = build_function(function, Path(wanted.bundle.folder), wanted.python, layers, out)
    code, given = archive.read_bytes(), tuple(layers[name].read_bytes() for name in function.layers)
    return FunctionSnapshot(
        arn=f"{_ARN}:predict:$LATEST",
        name="predict",
        version="$LATEST",
        handler="functions.predict.handler",
        runtime=f"python{wanted.python}",
        memory_mb=wanted.memory_mb,
        timeout_s=_TIMEOUT_S,
        region="us-east-1",
        account_id="123456789012",
        code_sha256=hashlib.sha256(code).hexdigest(),
        layer_sha256s=tuple(hashlib.sha256(layer).hexdigest() for layer in given),
        environment=_environment(_STARTUP),
        code=code,
        layers=given,
    )


def _environment(python_path: str) -> tuple[tuple[str, str], ...]:
    return (
        ("ONEHANDLER_SERVICE", "onehandler"),
        ("ONEHANDLER_LOG_LEVEL", "INFO"),
        ("PYTHONPATH", python_path),
    )


def _tracer(folder: Path, python: str) -> Path:
    """A folder with the tracing sitecustomize, compiled as what is deployed is."""
    made = folder / "trace"
    made.mkdir()
    shutil.copyfile(Path(trace.__file__).with_name("sitecustomize.py"), made / "sitecustomize.py")
    compile_folder(made, python, str(made))
    return made


def _event(bundle: Bundle) -> bytes:
    """A request as an HTTP API sends it, with the bundle's sample."""
    body = {"rows": sample_rows(bundle)} if bundle.signature.batched else {"inputs": sample_inputs(bundle)}
    http = {
        "method": "POST",
        "path": "/predict",
        "sourceIp": "127.0.0.1",
        "protocol": "HTTP/1.1",
        "userAgent": "bench",
    }
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/predict",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "bench"},
        "requestContext": {"http": http, "stage": "$default", "requestId": "bench", "domainName": "bench"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
    return json.dumps(event).encode()
