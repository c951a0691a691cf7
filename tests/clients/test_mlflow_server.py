"""The same requests to MLflow's own scoring server and to ours: equal answers, or a difference we tell."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError

import pytest

from benchmarks.serving.processes import free_ports, running
from tests.clients.peers import APPS, PEERS, wait
from tests.clients.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "protocols.md"
JSON, CSV = "application/json", "text/csv"
NAMES = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.0, 2.7, 5.1, 1.6]]
NAMED = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
HEADER = ",".join(NAMES)
LINES = "\n".join(",".join(map(str, row)) for row in ROWS)


class Asked(NamedTuple):
    """A body and its type."""

    body: Any
    content_type: str = JSON


SAME = {
    "split": Asked({"dataframe_split": {"columns": NAMES, "data": ROWS}}),
    "split with an index": Asked({"dataframe_split": {"columns": NAMES, "index": [4, 5], "data": ROWS}}),
    "split in another order": Asked(
        {"dataframe_split": {"columns": NAMES[::-1], "data": [row[::-1] for row in ROWS]}}
    ),
    "split with more columns": Asked(
        {"dataframe_split": {"columns": [*NAMES, "id"], "data": [[*row, 7] for row in ROWS]}}
    ),
    "records": Asked({"dataframe_records": NAMED}),
    "records with more columns": Asked({"dataframe_records": [{**row, "id": "x"} for row in NAMED]}),
    "instances": Asked({"instances": NAMED}),
    "csv": Asked(f"{HEADER}\n{LINES}\n", CSV),
    "csv with more columns": Asked(f"id,{HEADER}\n7,{LINES}".replace("\n6", "\n8,6"), CSV),
    "csv with a charset": Asked(f"{HEADER}\n{LINES}", f"{CSV}; charset=utf-8"),
    "no rows' form": Asked({"rows": ROWS}),
    "two forms": Asked({"instances": NAMED, "inputs": NAMED}),
    "no JSON": Asked("{"),
    "a missing column": Asked({"dataframe_split": {"columns": NAMES[:3], "data": [row[:3] for row in ROWS]}}),
    "words for numbers": Asked({"dataframe_records": [dict.fromkeys(NAMES, "many")]}),
    "a form of a web page": Asked("a=1", "application/x-www-form-urlencoded"),
}

# By name: what is asked, our status, MLflow's, and why.
DIFFERENT = {
    "csv without header": (Asked(LINES, CSV), 200, 400, "SageMaker's clients send none, on the same path"),
    "JSON Lines": (
        Asked(json.dumps(ROWS[0]), "application/jsonlines"),
        200,
        415,
        "SageMaker's, on the same path",
    ),
    "rows in an array": (Asked(ROWS), 200, 400, "SageMaker's, on the same path"),
    "unknown parameter": (
        Asked({"dataframe_split": {"columns": NAMES, "data": ROWS}, "params": {"temperature": 1}}),
        400,
        200,
        "a parameter that does nothing is refused, MLflow leaves a line in its log",
    ),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Our address and MLflow's, of the same classifier."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    python, port = PEERS / "peer-mlflow" / "bin" / "python", free_ports(1)
    assert python.exists(), f"{python} is not there; make test-clients makes it"
    environ = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PATH": f"{python.parent}:{os.environ['PATH']}",
    }
    subprocess.run(
        [python, APPS / "mlflow_iris.py", folder], check=True, capture_output=True, env=environ, cwd=folder
    )
    # The converter is in the checkout's own environment.
    build = [ROOT / ".venv" / "bin" / "python", "-m", "onehandler.cli.main", "build", folder / "model.joblib"]
    options = ["--sample", folder / "rows.csv", "--name", "iris", "--out", folder]
    subprocess.run([*build, *options], check=True, capture_output=True, cwd=ROOT)
    command = [python, "-m", "mlflow", "models", "serve", "-m", folder / "mlflow", "-p", str(port)]
    place = tmp_path_factory.mktemp("mlflow-process")
    with (
        serving(str(folder / "iris"), place) as ours,
        running([*map(str, command), "--env-manager", "local", "--workers", "1"], environ, place),
    ):
        wait(f"http://127.0.0.1:{port}/ping", place / "server.log")
        yield ours, f"127.0.0.1:{port}"


def ask(address: str, asked: Asked) -> tuple[int, Any]:
    raw = (asked.body if isinstance(asked.body, str) else json.dumps(asked.body)).encode()
    request = urllib.request.Request(
        f"http://{address}/invocations", raw, {"content-type": asked.content_type}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read())
    except HTTPError as error:
        with error:
            return error.code, None  # what is wrong everybody says in words of their own


@pytest.mark.parametrize("name", SAME)
def test_the_same_request_has_the_same_answer(name: str, both: tuple[str, str]) -> None:
    ours, theirs = (ask(address, SAME[name]) for address in both)
    assert ours == theirs


@pytest.mark.parametrize("name", DIFFERENT)
def test_differences_are_those_we_tell(name: str, both: tuple[str, str]) -> None:
    asked, ours, theirs, why = DIFFERENT[name]
    assert tuple(ask(address, asked)[0] for address in both) == (ours, theirs)
    assert f"| {name} | {ours} | {theirs} | {why} |" in PAGE.read_text()


@pytest.mark.parametrize("path", ["/ping", "/health", "/version"])
def test_both_tell_that_they_are_there(path: str, both: tuple[str, str]) -> None:
    for address in both:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as response:
            assert response.status == 200
