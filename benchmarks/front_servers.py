"""The servers that benchmarks/front.py measures, each in a process of its own.

    python -m benchmarks.front_servers ours|moto

Prints the port, then serves until standard input ends.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
from local_emulator.aws.front.application import Front
from local_emulator.aws.front.composition import function_lanes
from local_emulator.aws.front.control_plane import moto_account_of, moto_control_plane
from local_emulator.aws.front.ports import (
    ApiDefinition,
    FoundFunction,
    FunctionUrl,
    IntegrationDefinition,
    RouteDefinition,
    StageDefinition,
)
from local_emulator.http.server import HttpServer, listen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ACCOUNT, REGION, NAME = "123456789012", "us-east-1", "instant"
_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"
_SNAPSHOT = FunctionSnapshot(
    f"{_ARN}:$LATEST", NAME, "$LATEST", "app.handler", "python3.13", 128, 3.0, REGION, ACCOUNT, "0" * 64
)
_API = ApiDefinition(
    "bench",
    ACCOUNT,
    REGION,
    (RouteDefinition("POST /predict", "i"), RouteDefinition("$default", "i")),
    (IntegrationDefinition("i", "AWS_PROXY", _ARN),),
    (),
    (StageDefinition("$default"),),
)


class InstantRunner:
    """Takes no time: what is measured is the front alone."""

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        """Answer at once."""
        del concurrency_limit
        payload = b'{"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "{}"}'
        return Outcome(payload, None, invocation.request_id, function.version, b"", 0.0, None, 0)


class OneOfEach:
    """One function, one API, no function URL, no queue."""

    def find(self, account_id: str, region: str, name: str, qualifier: str | None) -> FoundFunction:
        """Give the one function."""
        del account_id, region, name, qualifier
        return FoundFunction(_SNAPSHOT)

    def find_api(self, api_id: str) -> ApiDefinition | None:
        """Give the one API."""
        return _API if api_id == _API.api_id else None

    def api_ids(self) -> Sequence[str]:
        """Give its id."""
        return (_API.api_id,)

    def find_url(self, url_id: str) -> FunctionUrl | None:
        """Give none."""
        del url_id
        return None

    def enqueue(self, function: FunctionSnapshot, payload: bytes, request_id: str) -> None:
        """Take none."""
        raise NotImplementedError(f"{function.name}: nothing is measured asynchronously ({request_id})")


@contextmanager
def ours() -> Iterator[int]:
    """Serve the emulator's front."""
    listener, one = listen(0), OneOfEach()
    lanes = function_lanes(one, InstantRunner(), one, one, one, moto_account_of)
    with HttpServer(listener, Front(lanes, moto_control_plane(listener.getsockname()[1]))) as server:
        yield server.port


@contextmanager
def moto() -> Iterator[int]:
    """Serve moto as its users would."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from moto.server import ThreadedMotoServer

    MotoRequestHandler.log_request = lambda *_, **__: None  # its access log is no part of the comparison
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


if __name__ == "__main__":
    with {"ours": ours, "moto": moto}[sys.argv[1]]() as port:
        print(port, flush=True)
        sys.stdin.read()
