"""Our log lines and metrics against Powertools' own, and what is written when."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import timeit
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from onehandler import telemetry
from onehandler.errors import InvalidInput, ModelError, SettingsError
from onehandler.message import Request, Response
from onehandler.telemetry import Telemetry

if TYPE_CHECKING:
    from pathlib import Path


class Call(NamedTuple):
    """An Invocation."""

    function: str
    memory: int
    arn: str
    request_id: str
    trace_id: str


CALL = Call("predict", 1769, "arn:aws:lambda:us-east-1:1:function:predict", "id-1", "1-5759e988-bd862e3f")
NOW = 1_795_207_190.2235

# What Powertools writes for the same calls. It reads its settings and the trace from the environment.
POWERTOOLS = """
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
class Context:
    function_name = "predict"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:1:function:predict"
    aws_request_id = "id-1"
logger, metrics = Logger(), Metrics()
@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context
def handler(event, context):
    metrics.add_metric("Latency", MetricUnit.Milliseconds, 1.5)
    metrics.add_metric("Rows", MetricUnit.Count, 3)
    metrics.add_metric("Status2xx", MetricUnit.Count, 1)
    metrics.add_metadata("status", 200)
    metrics.add_metadata("method", "POST")
    metrics.add_metadata("function_request_id", "id-1")
    logger.warning("slow", extra={"status": 200})
    try:
        raise ValueError("wrong")
    except ValueError:
        logger.exception("bad")
handler({}, Context())
"""


@pytest.fixture(scope="module")
def powertools(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Powertools' lines: warning, exception, cold start, metrics."""
    folder: Path = tmp_path_factory.mktemp("powertools")
    program = folder / "powertools_program.py"
    program.write_text(POWERTOOLS)
    environment = {
        "PATH": os.environ["PATH"],
        "POWERTOOLS_SERVICE_NAME": "scoring",
        "POWERTOOLS_METRICS_NAMESPACE": "Tests",
        "AWS_LAMBDA_FUNCTION_NAME": "predict",
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3f;Parent=53995c3f42cd8ad8;Sampled=1",
    }
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=60,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 4
    return lines


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def ours(lines: list[str]) -> Telemetry:
    return Telemetry("scoring", "Tests", "INFO", write=lines.append, clock=lambda: NOW)


def shape(value: Any) -> Any:
    """Keys in order and types of values, all the way down; of a list, its first entry's."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


def raised() -> ValueError:
    with pytest.raises(ValueError, match="wrong") as caught:
        raise ValueError("wrong")
    return caught.value


def written_by_us(ours: Telemetry, lines: list[str]) -> list[dict[str, Any]]:
    ours.begin(CALL)
    ours.log("WARNING", "slow", {"status": 200})
    ours.log("ERROR", "bad", {}, raised())
    ours.answered(Request("POST", "/predict", {}, b""), Response(200, {}, b"{}", 3), 0.0015)
    cold_start, warning, failure, metrics = map(json.loads, lines)
    return [warning, failure, cold_start, metrics]


@pytest.mark.parametrize("index", range(4), ids=["log", "exception", "cold start", "metrics"])
def test_lines_have_the_shape_of_powertools(
    index: int, powertools: list[dict[str, Any]], ours: Telemetry, lines: list[str]
) -> None:
    assert shape(written_by_us(ours, lines)[index]) == shape(powertools[index])


@pytest.mark.parametrize("index", range(4), ids=["log", "exception", "cold start", "metrics"])
def test_lines_have_the_values_of_powertools(
    index: int, powertools: list[dict[str, Any]], ours: Telemetry, lines: list[str]
) -> None:
    found, expected = written_by_us(ours, lines)[index], powertools[index]
    for varying in ("timestamp", "location", "exception", "stack_trace"):
        found.pop(varying, None)
        expected = {key: value for key, value in expected.items() if key != varying}
    found.get("_aws", {})["Timestamp"] = 0
    expected = (
        {**expected, "_aws": {**expected.get("_aws", {}), "Timestamp": 0}} if "_aws" in found else expected
    )
    assert found == expected


def test_the_clock_is_written_in_both_formats(ours: Telemetry, lines: list[str]) -> None:
    ours.begin(CALL)
    ours.log("INFO", "hello", {})
    metrics, record = map(json.loads, lines)
    assert metrics["_aws"]["Timestamp"] == 1_795_207_190_223
    assert record["timestamp"] == "2026-11-20 20:39:50,223+0000"


def test_only_the_first_call_is_a_cold_start(ours: Telemetry, lines: list[str]) -> None:
    for _ in range(3):
        ours.begin(CALL)
        ours.log("INFO", "hello", {})
    records = [json.loads(line) for line in lines]
    assert [record["cold_start"] for record in records if "level" in record] == [True, False, False]
    assert sum("ColdStart" in record for record in records) == 1


def test_a_request_costs_one_line(ours: Telemetry, lines: list[str]) -> None:
    ours.begin(CALL)
    del lines[:]
    ours.answered(Request("POST", "/predict", {}, b""), Response(404, {}, b""), 0.25)
    (line,) = map(json.loads, lines)
    assert (line["Latency"], line["Rows"], line["Status4xx"]) == ([250.0], [0.0], [1.0])


def test_no_metrics_where_no_function_platform_is(ours: Telemetry, lines: list[str]) -> None:
    ours.answered(Request("POST", "/predict", {}, b""), Response(200, {}, b"", 1), 0.1)
    assert lines == []


def test_debug_lines_are_written_when_asked_for(lines: list[str]) -> None:
    chatty = Telemetry("scoring", "Tests", "DEBUG", write=lines.append)
    chatty.answered(Request("POST", "/predict", {}, b""), Response(200, {}, b"", 1), 0.1)
    record = json.loads(lines[0])
    assert (record["level"], record["status"], record["milliseconds"]) == ("DEBUG", 200, 100.0)
    assert "function_name" not in record


def test_the_callers_faults_are_not_logged(ours: Telemetry, lines: list[str]) -> None:
    ours.refused(InvalidInput("wrong"), 422)
    assert lines == []


def test_the_models_own_words_are_logged(ours: Telemetry, lines: list[str]) -> None:
    ours.refused(ModelError("idx=99 must be within [-10,9]"), 422)
    assert json.loads(lines[0])["level"] == "WARNING"
    assert "idx=99" in json.loads(lines[0])["message"]


def test_the_deployments_faults_are_logged(ours: Telemetry, lines: list[str]) -> None:
    ours.refused(SettingsError("must be one of …"), 500)
    record = json.loads(lines[0])
    assert (record["level"], record["exception_name"]) == ("ERROR", "SettingsError")


def test_a_closed_log_does_not_cost_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    Telemetry("scoring", "Tests", "INFO").log("INFO", "hello", {})


def test_it_is_cheap(ours: Telemetry) -> None:
    """A few microseconds; ten times that is allowed for a busy machine."""
    ours.begin(CALL)
    silent = Telemetry("scoring", "Tests", "INFO", write=lambda _line: None)
    silent.begin(CALL)
    request, response = Request("POST", "/predict", {}, b""), Response(200, {}, b"", 1)
    best = min(timeit.repeat(lambda: silent.answered(request, response, 0.001), number=500, repeat=5)) / 500
    assert best < 100e-6


def test_powertools_itself_is_not_imported() -> None:
    assert "aws_lambda_powertools" not in vars(telemetry)
    program = "import onehandler.telemetry, sys; sys.exit('aws_lambda_powertools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
