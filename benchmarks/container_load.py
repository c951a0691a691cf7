"""The serving container under load while its workers die: nothing lost, nothing wrong, how soon it is whole again.

    python -m benchmarks.container_load [--quick] [--json] [--save]

10,000 requests from 64 connections, 1,000 a second, each with a row of its own whose only right answer is known from
the handler itself. Every second one worker gets SIGKILL. A request whose connection ends without an answer, or that
gets a 5xx, is sent again, as clients do; what became of every attempt is counted. A worker counts as there again when
the server's own metrics say that its successor takes connections.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import click

from benchmarks.killing import clients
from benchmarks.killing.clients import Case, attack, body_of, rows_of
from benchmarks.models import MODELS
from benchmarks.report import Report
from benchmarks.serving.processes import free_ports, running
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.killing.clients import Seen

_ROWS = 500
_STARTS_WITHIN = 60.0  # seconds
_ASKED_EVERY = 0.01  # seconds
_FIRST_AFTER = 0.5  # seconds: both workers have connections by then
_PACKAGES = ("onnxruntime", "uvicorn", "httptools", "uvloop", "orjson")


@click.command()
@click.option("--requests", default=10_000, show_default=True)
@click.option("--connections", default=64, show_default=True)
@click.option("--per-second", default=1000.0, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--model", default="forest", show_default=True, type=click.Choice(list(MODELS)))
@click.option("--quick", is_flag=True, help="2,000 requests.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(
    requests: int,
    connections: int,
    per_second: float,
    workers: int,
    model: str,
    quick: bool,
    as_json: bool,
    save: bool,
) -> None:
    """Measure and print."""
    requests = 2_000 if quick else requests
    served = MODELS[model]()
    cases = _cases(str(served.bundle), served.row)
    port = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        environ = _environment(str(served.bundle.resolve()), port, workers)
        with running(
            [sys.executable, "-m", "functions.container.serve", "serve"], environ, Path(folder)
        ) as one:
            _until_ready(port)
            found = asyncio.run(_measure(one.pid, port, cases, requests, connections, per_second))
    report(*found, connections, workers).tell("container_load", as_json=as_json, save=save)


def _cases(bundle: str, row: list[Any]) -> list[Case]:
    handler = Handler.load(bundle, Settings({"ONEHANDLER_THREADS": "1"}))
    headers = {"content-type": "application/json"}
    bodies = [body_of(each) for each in rows_of(row, _ROWS)]
    found = [Case(body, handler.answer(Request("POST", "/predict", headers, body)).body) for body in bodies]
    handler.close()
    return found


def _environment(bundle: str, port: int, workers: int) -> dict[str, str]:
    told = {"ONEHANDLER_BUNDLE": bundle, "PORT": str(port), "ONEHANDLER_HOST": "127.0.0.1"}
    checkout = str(Path(__file__).parent.parent)
    return {**os.environ, **told, "ONEHANDLER_WORKERS": str(workers), "PYTHONPATH": checkout}


async def _measure(
    pid: int, port: int, cases: list[Case], requests: int, connections: int, per_second: float
) -> tuple[Seen, list[float], float]:
    """What became of the requests, seconds until each killed worker had a successor, and seconds of all."""
    recoveries: list[float] = []
    ending = asyncio.Event()
    killer = asyncio.create_task(_kill_every_second(pid, port, recoveries, ending))
    started = monotonic()
    seen = await attack(port, cases, requests, connections, per_second)
    took = monotonic() - started
    ending.set()
    await killer
    return seen, recoveries, took


async def _kill_every_second(pid: int, port: int, recoveries: list[float], ending: asyncio.Event) -> None:
    turn = 0
    loop = asyncio.get_running_loop()
    await asyncio.sleep(_FIRST_AFTER)
    while not ending.is_set():
        began = monotonic()
        alive = _children(pid)
        os.kill(alive[turn % len(alive)], signal.SIGKILL)
        turn += 1
        recoveries.append(await loop.run_in_executor(None, _until_restarted, port, turn, began))
        await asyncio.sleep(max(0.0, began + 1.0 - monotonic()))


def _until_restarted(port: int, count: int, began: float) -> float:
    """Seconds until the server counts so many workers started in place of dead ones."""
    while _metric(port, "onehandler_worker_restarts_total") < count:
        sleep(_ASKED_EVERY)
        if monotonic() - began > _STARTS_WITHIN:
            raise RuntimeError(f"no worker in the place of one that was killed {_STARTS_WITHIN:.0f} s ago")
    return monotonic() - began


def _metric(port: int, name: str) -> float:
    """One number of the server's; -1 where the worker that was asked has just been killed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
    except OSError:
        return -1
    finally:
        connection.close()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[1])


def _until_ready(port: int) -> None:
    began = monotonic()
    while monotonic() - began < _STARTS_WITHIN:
        try:
            if _metric(port, "onehandler_workers") > 0:
                return
        except OSError:
            continue
    raise RuntimeError("the server does not start")


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def report(seen: Seen, recoveries: list[float], took: float, connections: int, workers: int) -> Report:
    """A line a figure, and what must be nothing as ratios."""
    outcomes: Mapping[str, int] = seen.outcomes
    answered = len(seen.answered_at)
    figures: dict[str, float] = {
        "requests": answered + seen.unanswered,
        "connections": connections,
        "workers": workers,
        "workers killed": len(recoveries),
        "answered rightly": outcomes[clients.RIGHT],
        "answered wrongly": outcomes[clients.WRONG],
        "never answered": seen.unanswered,
        "attempts whose connection ended": outcomes[clients.ENDED],
        "attempts cut within an answer": outcomes[clients.CUT],
        "attempts that got a 5xx": outcomes[clients.REFUSED],
        "ms until a worker is back, median": statistics.median(recoveries) * 1000,
        "ms until a worker is back, longest": max(recoveries) * 1000,
        "ms without any answer, longest": seen.longest_gap() * 1000,
        "ms of a request, p99, with what was sent again": _quantile(seen.seconds, 0.99) * 1000,
        "requests a second": answered / took,
    }
    ratios = {
        "wrong_answers": float(outcomes[clients.WRONG]),
        "lost_requests": float(seen.unanswered + outcomes[clients.LOST]),
        "longest_recovery_s": max(recoveries),
        "longest_gap_s": seen.longest_gap(),
    }
    rows = [{"figure": name, "value": value} for name, value in figures.items()]
    return Report("The serving container, a worker killed every second", rows, ratios, _PACKAGES)


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


if __name__ == "__main__":
    main()
