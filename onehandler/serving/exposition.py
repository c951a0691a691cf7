"""Metrics in Prometheus' text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.message import Response
from onehandler.serving.metrics import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from onehandler.protocols.listing import Listed
    from onehandler.serving.metrics import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "onehandler_"


def exposed(totals: Totals, models: Sequence[Listed]) -> Response:
    """All of it as the answer to a scrape."""
    lines = [*_models(models), *_requests(totals), *_load(totals)]
    return Response(200, {"content-type": CONTENT_TYPE}, "".join(f"{line}\n" for line in lines).encode())


def _models(models: Sequence[Listed]) -> Iterator[str]:
    samples: list[tuple[dict[str, str], float]] = [
        ({"name": each.name, "version": each.version}, int(each.loaded)) for each in models
    ]
    yield from _family("model_loaded", "gauge", "Models that are served, 1: in memory.", samples)


def _requests(totals: Totals) -> Iterator[str]:
    by_status: list[tuple[dict[str, str], float]] = [
        ({"status": str(status)}, count) for status, count in totals.by_status.items()
    ]
    yield from _family("requests_total", "counter", "Answers, by HTTP status.", by_status)
    name = "request_duration_seconds"
    yield from _described(name, "histogram", "From a request's last byte to its answer, waiting included.")
    bounds = [*map(repr, BOUNDS), "+Inf"]
    for bound, count in zip(bounds, totals.buckets, strict=True):
        yield _sample(f"{name}_bucket", {"le": bound}, count)
    yield _sample(f"{name}_sum", {}, totals.seconds)
    yield _sample(f"{name}_count", {}, totals.buckets[-1])
    yield from _one("rows_total", "counter", "Rows predicted.", totals.rows)
    yield from _one(
        "overloaded_total", "counter", "Requests turned away: too many waited.", totals.overloaded
    )
    yield from _one("timeouts_total", "counter", "Requests given up: not answered in time.", totals.timed_out)


def _load(totals: Totals) -> Iterator[str]:
    yield from _one("requests_answering", "gauge", "Requests that a thread is answering.", totals.answering)
    yield from _one("requests_waiting", "gauge", "Requests that wait for a thread.", totals.waiting)
    yield from _one("connections", "gauge", "Open connections of clients.", totals.connections)
    yield from _one("workers", "gauge", "Worker processes there are to be.", totals.workers)
    yield from _one(
        "worker_restarts_total", "counter", "Workers started in place of dead ones.", totals.restarts
    )


def _one(name: str, kind: str, about: str, value: float) -> Iterator[str]:
    return _family(name, kind, about, [({}, value)])


def _family(
    name: str, kind: str, about: str, samples: Iterable[tuple[dict[str, str], float]]
) -> Iterator[str]:
    yield from _described(name, kind, about)
    for labels, value in samples:
        yield _sample(name, labels, value)


def _described(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {_PREFIX}{name} {about}"
    yield f"# TYPE {_PREFIX}{name} {kind}"


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{_PREFIX}{name}{{{inside}}} {value}" if inside else f"{_PREFIX}{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
