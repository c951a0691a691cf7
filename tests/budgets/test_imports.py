"""What a predict function's process may have imported once it has answered its first inference request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import bundles
from tests.adapters.aws_lambda.golden import golden
from tests.budgets.ceilings import CEILINGS, keep_to_list

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]

# Runs in the process under test: the stock Lambda runtime's modules first, then what we deploy.
PROGRAM = """
import sys
import awslambdaric.bootstrap
before = set(sys.modules)
import json
class Context:
    function_name = "predict"
    memory_limit_in_mb = "1769"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:predict"
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
from functions import predict
results = [predict.handler(event, Context()) for event in json.load(sys.stdin)]
added = sorted(set(sys.modules) - before)
print("\\n" + json.dumps({"results": results, "added": added}))
"""

NEVER = set(CEILINGS["imports"]["never"])
USUAL = {*CEILINGS["imports"]["ours"], *CEILINGS["imports"]["standard"]}
BY_EVENT: dict[str, list[str]] = CEILINGS["imports"]["by_event"]


def run(bundle: str, events: Iterable[Any]) -> dict[str, Any]:
    """Answer the events in a fresh process of the predict function."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ONEHANDLER_BUNDLE": bundle,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(list(events)),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundles.build("iris", tmp_path_factory.mktemp("budget"))


@pytest.mark.parametrize("name", BY_EVENT)
def test_a_prediction_stays_within_the_import_budget(name: str, bundle: str) -> None:
    found = run(bundle, [golden(name)])
    result = found["results"][0]
    assert "predictions" in (result if name.startswith("direct") else json.loads(result["body"]))
    # An editable install's import hooks are the developer's, not the deployment's.
    added = {each for each in found["added"] if not each.startswith("__editable__")}
    loaded = {each.partition(".")[0] for each in added} & NEVER
    assert not loaded, f"budget imports.never: loaded {', '.join(sorted(loaded))}; import it where it is used"
    keep_to_list(f"imports.by_event.{name}", added, {*USUAL, *BY_EVENT[name]})


def test_a_page_is_answered_by_the_same_process(bundle: str) -> None:
    found = run(bundle, [golden("http_api"), golden("http_api_openapi"), golden("http_api")])
    assert [result["statusCode"] for result in found["results"]] == [200, 200, 200]
    assert "fastapi" in found["added"]
    assert json.loads(found["results"][1]["body"])["openapi"].startswith("3.1")
