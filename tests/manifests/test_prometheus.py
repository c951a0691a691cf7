"""/metrics, read by Prometheus' own client."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from onehandler.message import Response
from onehandler.protocols.listing import Listed
from onehandler.serving.exposition import exposed
from onehandler.serving.metrics import BOUNDS, Metrics


def test_prometheus_own_client_reads_what_workers_counted() -> None:
    metrics = Metrics.alone()
    metrics.started()
    for seconds, status in ((0.002, 200), (0.3, 200), (99.0, 504)):
        metrics.answered(Response(status, {}, b"", 2), seconds)
    metrics.handed(1, 3)
    text = exposed(metrics.read(), [Listed('a"b\\c\nd', "1")]).body.decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}

    requests = families["onehandler_requests"]
    assert requests.type == "counter"
    assert {sample.labels["status"]: sample.value for sample in requests.samples} == {"200": 2, "504": 1}
    [loaded] = families["onehandler_model_loaded"].samples
    assert loaded.labels == {"name": 'a"b\\c\nd', "version": "1"}
    [waiting] = families["onehandler_requests_waiting"].samples
    assert waiting.value == 3

    duration = families["onehandler_request_duration_seconds"]
    assert duration.type == "histogram"
    buckets = {sample.labels["le"]: sample.value for sample in duration.samples if "le" in sample.labels}
    assert len(buckets) == len(BOUNDS) + 1
    assert (buckets["0.0025"], buckets["0.5"], buckets["60.0"], buckets["+Inf"]) == (1, 2, 2, 3)
    assert all(family.documentation for family in families.values())
