"""What workers count together, and how Prometheus reads it."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

from onehandler.message import Response
from onehandler.protocols.listing import Listed
from onehandler.serving.exposition import exposed
from onehandler.serving.metrics import BOUNDS, Metrics
from tests import bundles
from tests.bundles import ROW
from tests.onehandler.serving.servers import Served, serving, until

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')


def scraped(text: str) -> dict[str, float]:
    """Samples of the text format, read by its grammar; each belongs to a family that was described before."""
    found: dict[str, float] = {}
    described: dict[str, str] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name not in described
            described[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            family = re.sub("_(bucket|sum|count)$", "", match[1])
            assert family in described or match[1] in described, line
            key = f"{match[1]}{{{match[2]}}}" if match[2] else match[1]
            assert key not in found
            found[key] = float(match[3])
    return found


def of(served: Served) -> dict[str, float]:
    status, headers, body = served.get("/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return scraped(body.decode())


def answered(count: int, status: int = 200) -> Response:
    return Response(status, {}, b"", count)


def test_workers_see_the_sum_of_all() -> None:
    descriptor = Metrics.make(2)
    first, second = (Metrics.at(descriptor, 2, number, lambda: 7) for number in (0, 1))
    os.close(descriptor)
    for metrics in (first, second):
        metrics.started()
        metrics.handed(2, 5)
    first.answered(answered(3), 0.002)
    second.answered(answered(4), 0.002)
    second.answered(answered(0, 422), 100.0)
    second.started()  # anew, after the first of it died
    for totals in (first.read(), second.read()):
        assert totals.by_status == {200: 2, 422: 1}
        assert (totals.rows, round(totals.seconds, 9), totals.connections) == (7, 100.004, 7)
        assert totals.buckets == [0, 0, *[2] * (len(BOUNDS) - 2), 3]
        assert (totals.restarts, totals.workers) == (1, 2)
        assert (totals.answering, totals.waiting) == (2, 5), "the dead one's are gone"


def test_a_duration_at_a_bound_counts_as_within_it() -> None:
    metrics = Metrics.alone()
    for bound in BOUNDS:
        metrics.answered(answered(0), bound)
    assert metrics.read().buckets == [*range(1, len(BOUNDS) + 1), len(BOUNDS)]


def test_names_are_escaped() -> None:
    listed = [Listed('a"b\\c\nd', "1"), Listed("other", "2", loaded=False)]
    text = exposed(Metrics.alone().read(), listed).body.decode()
    assert r'onehandler_model_loaded{name="a\"b\\c\nd",version="1"} 1' in text
    assert scraped(text)['onehandler_model_loaded{name="other",version="2"}'] == 0


def test_a_server_counts_whatever_worker_answers_and_whichever_dies(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 2) as served:
        for _ in range(20):
            served.ask([ROW, ROW])
        assert served.post({"rows": [[1]]})[0] == 422
        assert served.get("/nope")[0] == 404
        before = of(served)
        assert before['onehandler_requests_total{status="200"}'] == 20
        assert before['onehandler_requests_total{status="422"}'] == 1
        assert before['onehandler_requests_total{status="404"}'] == 1
        assert before["onehandler_rows_total"] == 40
        assert before['onehandler_request_duration_seconds_bucket{le="+Inf"}'] == 22
        assert 1 <= before["onehandler_connections"] <= 4, "closed ones are counted off every 0.1 s"
        killed = served.workers()[0]
        os.kill(killed, signal.SIGKILL)
        until(lambda: of(served)["onehandler_worker_restarts_total"] == 1)
        after = of(served)
        assert after["onehandler_rows_total"] == 40
        assert after['onehandler_requests_total{status="200"}'] > 20  # scrapes count, too
        assert all(after[name] >= before[name] for name in before if name.endswith(("_total", "_count")))


def test_a_scrape_is_read_only(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 1) as served:
        assert served.get("/livez")[0] == 200
        for path in ("/metrics", "/livez"):
            connection = served.connection()
            connection.request("POST", path, b"")
            response = connection.getresponse()
            assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")
            response.read()
            connection.request("HEAD", path)
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b"")
            connection.close()
