"""The emulator's execution of Lambda functions: an empty handler, cold and warm, beside a bare Python.

    python -m benchmarks.execution [--cold 30] [--warm 3000] [--json]

Cold is the call of `Executor.invoke` that has to start a process, warm one that finds an instance. The bare
interpreter, `python -c pass` under the Lambda runtime environment's own Python, is the floor of any cold start.
"""

from __future__ import annotations

import hashlib
import io
import statistics
import subprocess
import tempfile
import time
import zipfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.report import Report
from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation
from local_emulator.aws.execution.executor import Executor
from local_emulator.aws.execution.interpreters import Interpreters
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE = "def handler(event, context):\n    return {}\n"


class NoSink:
    """Drops the lines, as fast as a sink can be."""

    def write(self, group: str, stream: str, lines: bytes, timestamp_ms: int) -> None:
        """Do nothing."""


@click.command()
@click.option("--cold", default=30, show_default=True, help="Cold starts.")
@click.option("--warm", default=3000, show_default=True, help="Warm invocations.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(cold: int, warm: int, as_json: bool) -> None:
    """Measure and print."""
    interpreters = Interpreters()
    function = empty_function()
    python = str(interpreters.executable(function.runtime))
    with (
        tempfile.TemporaryDirectory() as folder,
        Executor(Path(folder), interpreters, "http://127.0.0.1:4566", NoSink()) as executor,
    ):
        bare_ms, cold_ms = measure_cold(executor, function, python, cold)
        warm_ms = measure_warm(executor, function, warm)
    report(bare_ms, cold_ms, warm_ms).print(as_json=as_json)


def empty_function() -> FunctionSnapshot:
    """A function that does nothing, on this Python version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", SOURCE)
    return FunctionSnapshot(
        arn="arn:aws:lambda:us-east-1:123456789012:function:empty:$LATEST",
        name="empty",
        version="$LATEST",
        handler="app.handler",
        runtime=f"python{this_version()}",
        memory_mb=1769,
        timeout_s=10,
        region="us-east-1",
        account_id="123456789012",
        code_sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        code=buffer.getvalue(),
    )


def measure_cold(
    executor: Executor, function: FunctionSnapshot, python: str, times: int
) -> tuple[list[float], list[float]]:
    """Bare interpreter and cold start in turns, so that a noisy moment falls on both; milliseconds."""
    bare, cold = [], []
    events = _events()
    for _ in range(times):
        bare.append(_timed(lambda: subprocess.run([python, "-B", "-c", "pass"], check=True)))
        executor.retire(function.arn)
        executor.prepare(function)
        cold.append(_timed(lambda: _checked(executor, function, next(events))))
    return bare, cold


def measure_warm(executor: Executor, function: FunctionSnapshot, times: int) -> list[float]:
    """Warm invocations one after the other; milliseconds."""
    events = _events()
    _checked(executor, function, next(events))
    return [_timed(lambda: _checked(executor, function, next(events))) for _ in range(times)]


def report(bare: list[float], cold: list[float], warm: list[float]) -> Report:
    """Medians, and how they compare."""
    samples = {"python -c pass": bare, "cold invocation": cold, "warm invocation": warm}
    rows = [
        {
            "empty handler": name,
            "median ms": round(statistics.median(values), 3),
            "least ms": round(min(values), 3),
            "95th percentile ms": round(statistics.quantiles(values, n=20)[-1], 3),
            "samples": len(values),
        }
        for name, values in samples.items()
    ]
    middle = {name: statistics.median(values) for name, values in samples.items()}
    ratios = {
        "cold_over_bare_python": middle["cold invocation"] / middle["python -c pass"],
        "cold_over_warm": middle["cold invocation"] / middle["warm invocation"],
    }
    return Report("The emulator's Lambda execution (medians)", rows, ratios)


def _events() -> Iterator[Invocation]:
    return (Invocation(b"{}", f"benchmark-{number}") for number in count())


def _checked(executor: Executor, function: FunctionSnapshot, invocation: Invocation) -> None:
    outcome = executor.invoke(function, invocation)
    if outcome.payload != b"{}":
        raise RuntimeError(f"the empty handler answered {outcome.payload!r}: {outcome.log!r}")


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
