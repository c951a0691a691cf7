"""The deployed predict function under the vendor's own runtime client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler import signing_keys
from tests import bundles
from tests.adapters.aws_lambda.golden import golden
from tests.functions.runtime_api import ARN, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@contextmanager
def instance(bundle: str, log: Path, **settings: str) -> Iterator[RuntimeApi]:
    """One Lambda instance of the predict function; its output goes to `log`."""
    api = RuntimeApi()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ONEHANDLER_BUNDLE": bundle,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "predict",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "LAMBDA_TASK_ROOT": str(ROOT),
        **settings,
    }
    command = [sys.executable, "-m", "awslambdaric", "functions.predict.handler"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=ROOT)
        try:
            yield api
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            api.close()


def records(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_it_answers_under_awslambdaric(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with instance(bundles.build("iris", tmp_path), log) as api:
        kind, first = api.invoke(golden("http_api"))
        assert (kind, first["statusCode"]) == ("response", 200)
        _, second = api.invoke(golden("http_api"))
        assert second == first
        _, page = api.invoke(golden("http_api_docs"))
        assert page["headers"]["content-type"].startswith("text/html")
        _, plain = api.invoke(golden("direct_rows"))
        assert plain["predictions"][0] == json.loads(first["body"])["predictions"][0]
    cold, *answers = records(log)
    assert cold["ColdStart"] == [1.0]
    assert [answer["status"] for answer in answers] == [200, 200, 200]
    assert answers[0]["function_request_id"] == "id-1"


def test_a_model_fault_is_logged_with_the_invocations_ids(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with instance(bundles.build("lookup", tmp_path), log) as api:
        _, result = api.invoke({"rows": [99]})
        assert result["status"] == 422
    (record,) = [each for each in records(log) if "level" in each]
    assert record["level"] == "WARNING"
    assert (record["function_arn"], record["function_request_id"], record["function_memory_size"]) == (
        ARN,
        "id-1",
        1769,
    )
    assert record["xray_trace_id"] == "1-5759e988-bd862e3f"


def test_records_of_a_queue_fail_the_invocation(tmp_path: Path) -> None:
    with instance(bundles.build("iris", tmp_path), tmp_path / "log") as api:
        kind, error = api.invoke(golden("sqs"))
        assert (kind, error["errorType"]) == ("error", "InvalidInput")


def test_a_bundle_that_is_not_there_is_told_in_the_init_phase(tmp_path: Path) -> None:
    with instance(str(tmp_path / "nowhere"), tmp_path / "log") as api:
        kind, error = api.results.get(timeout=30)
        assert kind == "error"
        assert "no bundle here" in error["errorMessage"]
        assert "onehandler build" in error["errorMessage"]


@pytest.mark.parametrize("path", sorted((ROOT / "functions").rglob("*.py")), ids=lambda path: path.name)
def test_functions_only_compose(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 20


def test_a_key_that_is_asked_for_decides_what_is_served(tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path))
    public_key = signing_keys.generate(tmp_path / "key.pem")
    with instance(str(bundle), tmp_path / "unsigned", ONEHANDLER_PUBLIC_KEY=public_key) as api:
        kind, error = api.invoke(golden("http_api"))
        assert kind != "response"
        assert "is not signed, and ONEHANDLER_PUBLIC_KEY is set" in error["errorMessage"]
    signing_keys.sign(bundle, signing_keys.read_key(tmp_path / "key.pem"))
    with instance(str(bundle), tmp_path / "signed", ONEHANDLER_PUBLIC_KEY=public_key) as api:
        kind, answer = api.invoke(golden("http_api"))
        assert (kind, answer["statusCode"]) == ("response", 200)
