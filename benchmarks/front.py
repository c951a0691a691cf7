"""The emulator's HTTP front: what a call costs before any function runs, beside moto's own server.

    python -m benchmarks.front [--calls 1000] [--json]

Every server runs in a process of its own and is asked over keep-alive connections. The runner behind
ours takes no time. moto is asked for the least it has (STS GetCallerIdentity), through its own server and
through ours.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import click

from benchmarks.front_servers import NAME, REGION
from benchmarks.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CALLS = "Action=GetCallerIdentity&Version=2011-06-15"
_FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Authorization": f"AWS4-HMAC-SHA256 Credential=AKID/20260101/{REGION}/sts/aws4_request, Signature=0",
}
_MANY = 16
# boto3's stubs know one overload for each service's literal name.
_client: Any = boto3.client


@dataclass(frozen=True, slots=True)
class Sample:
    """How long each call took, in milliseconds, and how many ended in a second."""

    name: str
    connections: int
    times_ms: list[float]
    per_second: float

    @property
    def p50_ms(self) -> float:
        """The median."""
        return statistics.median(self.times_ms)


@click.command()
@click.option("--calls", default=1000, show_default=True, help="Calls of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(calls: int, as_json: bool) -> None:
    """Measure and print."""
    with serving("ours") as ours, serving("moto") as moto:
        samples = [
            measure("boto3 lambda.invoke, ours", 1, calls, lambda: Invoker(ours)),
            measure("HTTP API, ours", 1, calls, lambda: HttpApi(ours)),
            measure("HTTP API, ours", _MANY, calls, lambda: HttpApi(ours)),
            measure("moto in our server", 1, calls, lambda: CallerIdentity(ours)),
            measure("moto in our server", _MANY, calls, lambda: CallerIdentity(ours)),
            measure("ThreadedMotoServer", 1, calls, lambda: CallerIdentity(moto)),
            measure("ThreadedMotoServer", _MANY, calls, lambda: CallerIdentity(moto)),
        ]
    report(samples).print(as_json=as_json)


@contextmanager
def serving(kind: str) -> Iterator[int]:
    """Run a server in a process of its own and give its port."""
    command = [sys.executable, "-m", "benchmarks.front_servers", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()  # closes its standard input, on which it ends


class Invoker:
    """Calls lambda.invoke as an application would."""

    def __init__(self, port: int) -> None:
        self._client = _client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def __call__(self) -> None:
        """Invoke once."""
        answer = self._client.invoke(FunctionName=NAME, Payload=b"{}")
        if answer["StatusCode"] != 200 or not answer["Payload"].read():
            raise RuntimeError(f"lambda.invoke answered {answer}")


class HttpApi:
    """Posts to a route of an HTTP API."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def __call__(self) -> None:
        """Post once."""
        self._ask("/_api/bench/predict", b'{"rows": [[1, 2, 3]]}', {"Content-Type": "application/json"})

    def _ask(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        self._connection.request("POST", path, body, headers)
        response = self._connection.getresponse()
        if response.status != 200 or not response.read():
            raise RuntimeError(f"{path} answered {response.status}")


class CallerIdentity(HttpApi):
    """Asks moto the least it can be asked."""

    def __call__(self) -> None:
        """Ask once."""
        self._ask("/", _CALLS.encode(), _FORM)


def measure(name: str, connections: int, calls: int, make: Callable[[], Callable[[], None]]) -> Sample:
    """Share the calls out to connections of their own, each warmed by a few calls."""
    callers = [make() for _ in range(connections)]
    for call in callers * 3:
        call()

    def share(call: Callable[[], None]) -> list[float]:
        times = []
        for _ in range(calls // connections):
            began = time.perf_counter()
            call()
            times.append((time.perf_counter() - began) * 1000)
        return times

    with ThreadPoolExecutor(connections) as pool:
        began = time.perf_counter()
        times_ms = [each for times in pool.map(share, callers) for each in times]
        elapsed = time.perf_counter() - began
    return Sample(name, connections, times_ms, len(times_ms) / elapsed)


def report(samples: list[Sample]) -> Report:
    """Medians and rates, and how they compare."""
    rows = [
        {
            "call": sample.name,
            "connections": sample.connections,
            "p50 ms": round(sample.p50_ms, 3),
            "p99 ms": round(statistics.quantiles(sample.times_ms, n=100)[98], 3),
            "calls/s": round(sample.per_second),
        }
        for sample in samples
    ]
    rate = {(sample.name, sample.connections): sample.per_second for sample in samples}
    peer = "ThreadedMotoServer"
    ratios = {
        "http_api_over_moto_server_1": rate["HTTP API, ours", 1] / rate[peer, 1],
        "http_api_over_moto_server_16": rate["HTTP API, ours", _MANY] / rate[peer, _MANY],
        "moto_in_our_server_over_its_own_1": rate["moto in our server", 1] / rate[peer, 1],
        "moto_in_our_server_over_its_own_16": rate["moto in our server", _MANY] / rate[peer, _MANY],
    }
    title = "The emulator's front: a call before any function runs"
    return Report(title, rows, ratios, ("moto", "boto3", "werkzeug"))


if __name__ == "__main__":
    main()
