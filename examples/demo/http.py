"""The demo's HTTP step: rows to the API Gateway URL, with the curl command that does the same."""

from __future__ import annotations

import csv
import http.client
import json
import shlex
import statistics
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from examples.demo.steps import StepFailed, say

if TYPE_CHECKING:
    from pathlib import Path

_WARM_CALLS = 50


def predict(url: str, rows: Path, first: str = "first call (cold start)") -> None:
    """Post two rows, show command and answer, and the time of the first call beside that of later ones."""
    with rows.open(newline="") as file:
        found = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    body = json.dumps({"rows": [found[0], found[19]]})
    say("$ curl " + shlex.join(["-X", "POST", url, "-H", "content-type: application/json", "-d", body]))
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    cold, answer = _post(connection, url, body)
    warm = [_post(connection, url, body)[0] for _ in range(_WARM_CALLS)]
    connection.close()
    for prediction in answer["predictions"]:
        say(json.dumps(prediction))
    say(f"{first} {cold:.0f} ms; then {statistics.median(warm):.1f} ms (of {_WARM_CALLS})")


def _post(connection: http.client.HTTPConnection, url: str, body: str) -> tuple[float, Any]:
    """Milliseconds and the parsed answer."""
    began = time.perf_counter()
    connection.request("POST", urlsplit(url).path, body, {"content-type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    took = (time.perf_counter() - began) * 1000
    if response.status != http.client.OK:
        raise StepFailed(f"{url} answered {response.status}: {content.decode(errors='replace')}")
    return took, json.loads(content)
