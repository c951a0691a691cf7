"""`onehandler serve` beside other model servers, one at a time, each with the same models.

    python -m benchmarks.serve [--quick] [--server NAME] [--model NAME] [--json]

Each peer is installed in an environment of its own (build/peers) and serves as its documentation says, with two
workers. A visit starts a server, waits for its first answer, checks that it is the one ours gives, loads it over 1, 8
and 64 connections that are never idle, reads its memory and ends it. Servers are visited in turns, several times.

sagemaker-inference's model server, multi-model-server, is a Java program: on Debian, default-jre-headless. A server
that the machine lacks a program for has a row that says so.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.models import MODELS
from benchmarks.report import Report
from benchmarks.serving.environments import environment, megabytes
from benchmarks.serving.load import ask, load, request
from benchmarks.serving.peers import Place, Server, servers
from benchmarks.serving.processes import free_ports, memory_mb, running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.models import Served

CONNECTIONS = (1, 8, 64)
_TOLERANCE = 1e-4
_STARTS_WITHIN = 120.0  # seconds
_OURS = "onehandler"
_PACKAGES = ("onnxruntime", "uvicorn", "httptools", "uvloop", "orjson")


@dataclass(slots=True)
class Seen:
    """What the visits to one server with one model saw: a value a visit."""

    cold_ms: list[float] = field(default_factory=list)
    pss_mb: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    calls: dict[int, list[list[float]]] = field(default_factory=lambda: {count: [] for count in CONNECTIONS})

    def per_second(self, connections: int, seconds: float) -> float:
        """Calls answered in a second; the median of all visits."""
        return statistics.median(len(times) / seconds for times in self.calls[connections])

    def milliseconds(self, connections: int, share: float) -> float:
        """So long or less took this share of the calls; the median of all visits."""
        return statistics.median(
            sorted(times)[int(share * (len(times) - 1))] * 1000 for times in self.calls[connections]
        )


@click.command()
@click.option("--seconds", default=2.0, show_default=True, help="Of each load.")
@click.option("--rounds", default=3, show_default=True, help="Visits to each server.")
@click.option("--quick", is_flag=True, help="One round of loads of half a second.")
@click.option("--server", "names", multiple=True, help="Only servers whose name has this in it, and ours.")
@click.option("--model", "models", multiple=True, type=click.Choice(list(MODELS)), help="Only this one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(
    seconds: float,
    rounds: int,
    quick: bool,
    names: Sequence[str],
    models: Sequence[str],
    as_json: bool,
    save: bool,
) -> None:
    """Measure and print."""
    seconds, rounds = (0.5, 1) if quick else (seconds, rounds)
    chosen = [
        each for each in servers() if each.name == _OURS or not names or any(n in each.name for n in names)
    ]
    unable = {each.name: lacks for each in chosen if (lacks := each.missing())}
    chosen = [each for each in chosen if each.name not in unable]
    sizes = {each.requirements: megabytes(environment(each.requirements)) for each in chosen}
    seen: dict[tuple[str, str], Seen] = {}
    for name in models or MODELS:
        served = MODELS[name]()
        able = [each for each in chosen if each.model(served)]
        expected = _visit(able[0], served, 0.1, Seen(), None)
        for number in range(rounds):
            for server in able:
                click.echo(f"{name}, visit {number + 1}: {server.name}", err=True)
                _visit(server, served, seconds, seen.setdefault((name, server.name), Seen()), expected)
    found = report(seen, {each.name: each for each in chosen}, sizes, seconds, unable)
    found.tell("serve", as_json=as_json, save=save)


def _visit(
    server: Server, served: Served, seconds: float, seen: Seen, expected: Sequence[float] | None
) -> list[float]:
    """Start, check, load, weigh, end; give the probabilities it answers."""
    sent = request(server.path, server.body(served))
    with tempfile.TemporaryDirectory() as folder:
        place = Place(environment(server.requirements) / "bin", Path(folder), free_ports(3))
        environ = server.environment(served, place)
        server.prepare(served, place, environ)
        started = time.perf_counter()
        with running(server.command(served, place), environ, place.folder) as process:
            answer = server.answer(_first_answer(place, sent, started, process.poll))
            seen.cold_ms.append((time.perf_counter() - started) * 1000)
            _check(server, served, answer, expected)
            load(place.port, sent, 8, min(seconds, 1.0))  # every worker warm
            for count in CONNECTIONS:
                seen.calls[count].append(load(place.port, sent, count, seconds))
            pss, rss = memory_mb(process.pid)
            seen.pss_mb.append(pss)
            seen.rss_mb.append(rss)
    return answer


def _first_answer(place: Place, sent: bytes, started: float, ended: Any) -> Any:
    """Ask until it answers; a server that isn't up yet refuses, resets or answers otherwise."""
    while True:
        try:
            return ask(place.port, sent)
        except (OSError, RuntimeError) as error:
            if ended() is not None or time.perf_counter() - started > _STARTS_WITHIN:
                log = (place.folder / "server.log").read_text(errors="replace")
                raise RuntimeError(f"{error}; the server says {log[-3000:]}") from None
        time.sleep(0.002)


def _check(server: Server, served: Served, answer: Sequence[float], expected: Sequence[float] | None) -> None:
    if expected is None:
        return
    same = len(answer) == len(expected) and all(
        abs(a - b) <= _TOLERANCE for a, b in zip(answer, expected, strict=True)
    )
    if not same:
        raise RuntimeError(f"{server.name} answers {answer} for {served.name}, ours {expected}")


def report(
    seen: Mapping[tuple[str, str], Seen],
    by_name: Mapping[str, Server],
    sizes: Mapping[str, float],
    seconds: float,
    unable: Mapping[str, str],
) -> Report:
    """Medians of all, ours beside the best peer that serves the same ONNX model, and who could not be measured."""
    rows: list[dict[str, Any]] = [
        {
            "model": model,
            "server": name,
            "cold ms": statistics.median(each.cold_ms),
            "p50 ms": each.milliseconds(1, 0.5),
            "p99 ms": each.milliseconds(1, 0.99),
            **{f"requests/s, {count}": each.per_second(count, seconds) for count in CONNECTIONS},
            "p99 ms, 8": each.milliseconds(8, 0.99),
            "PSS MB": statistics.median(each.pss_mb),
            "RSS MB": statistics.median(each.rss_mb),
            "environment MB": sizes[by_name[name].requirements],
        }
        for (model, name), each in seen.items()
    ]
    without = dict.fromkeys(rows[0], "")
    rows += [{**without, "server": f"{name}: not measured: {why}"} for name, why in unable.items()]
    ratios: dict[str, float] = {}
    for model in dict.fromkeys(model for model, _ in seen):
        suffix = "" if model == "forest" else f"_{model}"
        ratios.update(
            _ratios(
                suffix, {name: each for (of, name), each in seen.items() if of == model}, by_name, seconds
            )
        )
    return Report("Servers of the same models, two workers each (medians)", rows, ratios, _PACKAGES)


def _ratios(
    suffix: str, seen: Mapping[str, Seen], by_name: Mapping[str, Server], seconds: float
) -> dict[str, float]:
    ours = seen[_OURS]
    peers = {name: each for name, each in seen.items() if not name.startswith(_OURS)}
    same = [each for name, each in peers.items() if not by_name[name].joblib]
    if not same:
        return {}
    return {
        f"ours_over_best_peer_rps8{suffix}": ours.per_second(8, seconds)
        / max(each.per_second(8, seconds) for each in same),
        f"ours_over_best_peer_p99{suffix}": ours.milliseconds(8, 0.99)
        / min(each.milliseconds(8, 0.99) for each in same),
        f"ours_over_smallest_peer_memory{suffix}": statistics.median(ours.pss_mb)
        / min(statistics.median(each.pss_mb) for each in peers.values()),
        f"fastest_peer_start_over_ours{suffix}": min(
            statistics.median(each.cold_ms) for each in peers.values()
        )
        / statistics.median(ours.cold_ms),
    }


if __name__ == "__main__":
    main()
