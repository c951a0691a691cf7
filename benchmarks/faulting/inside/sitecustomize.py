"""Faults from within a function's process: every HTTP exchange of boto3 is a named step, before and after.

A fault happens when a file that stands for it can be moved away (benchmarks/faulting/tokens.py): so it happens once,
whichever process comes first. Python imports this before the runtime client; nothing of ours is imported here, for
the functions run in an environment of their own.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.httpsession
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

_TOKENS = Path(os.environ["FAULTS_TOKENS"])
_DONE = Path(os.environ["FAULTS_DONE"])
_WEAK = os.environ.get("FAULTS_WEAK", "")
_SHARE = float(os.environ["FAULTS_SHARE"])  # of the steps at which one of many faults may happen
_RARE = 3  # faults of a step that are left to happen; they do at once
_LANE = os.environ["AWS_LAMBDA_FUNCTION_NAME"].rpartition("-")[2]
_HANG_S = 60.0  # longer than any function's timeout
_ERRORS = {
    "500": (500, b"<Error><Code>InternalError</Code></Error>"),
    "503": (503, b"<Error><Code>SlowDown</Code></Error>"),
    "409": (409, b"<Error><Code>ConditionalRequestConflict</Code></Error>"),
    "throttle": (
        400,
        b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}',
    ),
}
_chance = random.Random(f"{os.environ['FAULTS_SEED']}:{os.getpid()}")


def step_of(method: str, url: str, headers: Any, body: bytes) -> str:
    """The name of an exchange, as "put part" or "update chunk"."""
    target = headers.get("X-Amz-Target", b"")
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    if operation:
        return _table_step(operation, body)
    address = urlsplit(url)
    kind = _kind(unquote(address.path))
    asked = parse_qs(address.query, keep_blank_values=True)
    if "uploads" in asked:
        return "create upload"
    if "uploadId" in asked:
        return {"PUT": "put upload part", "POST": "complete upload"}.get(method, "abort upload")
    return f"{method.lower()} {kind}"


def _kind(path: str) -> str:
    name = path.rpartition("/")[2]
    if "/quotes/" in path:
        return "inside" if name == "inside" else "count"
    if name.startswith(("part-", "results.")):
        return name.partition("-")[0].partition(".")[0]
    return {"manifest.json": "manifest", "_SUCCESS": "marker"}.get(name, "source")


def _table_step(operation: str, body: bytes) -> str:
    if operation == "SendMessageBatch":
        return "send"
    if operation != "UpdateItem":
        return {"GetItem": "get status", "PutItem": "put job", "Query": "query"}.get(operation, operation)
    asked = json.loads(body)
    if asked["UpdateExpression"].startswith("ADD"):
        return "enter item" if asked["Key"]["part"]["N"] == "-1" else "enter chunk"
    return "move job" if "status" in asked["UpdateExpression"] else "note job"


def _taken(step: str, when: str) -> str:
    """A fault that is to happen now and that nobody else has taken; "" for none."""
    wanted = f"{_LANE}.{when}.{step}."
    left = [token for token in _TOKENS.iterdir() if token.name.startswith(wanted)]
    if len(left) > _RARE and _chance.random() >= _SHARE:
        return ""
    _chance.shuffle(left)
    for token in left:
        try:
            token.rename(
                _DONE / token.name
            )  # taken and noted at once: another thread may be about to kill us
        except FileNotFoundError:
            continue
        return token.name.removeprefix(wanted).partition(".")[0]
    return ""


def _happen(fault: str, url: str) -> AWSResponse | None:
    """Do it: not come back, raise, or give an answer in place of the service's."""
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "hang":
        time.sleep(_HANG_S)
    if fault == "lost":
        raise ConnectionClosedError(endpoint_url=url)
    if fault not in _ERRORS:
        return None
    status, body = _ERRORS[fault]
    return AWSResponse(url, status, {"content-length": str(len(body))}, _Raw(body))  # type: ignore[arg-type]


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _weakened(step: str, request: Any) -> None:
    """The two builds that must not pass: writes without a condition, and a ledger that counts calls."""
    if _WEAK == "unconditional" and "If-None-Match" in request.headers:
        del request.headers["If-None-Match"]
    if _WEAK == "counter" and step.startswith("enter "):
        asked = json.loads(request.body)
        del asked["ConditionExpression"], asked["ExpressionAttributeValues"][":number"]
        asked["ExpressionAttributeValues"][":numbers"] = {"NS": [str(time.time_ns())]}
        request.body = json.dumps(asked).encode()
        request.headers["Content-Length"] = str(len(request.body))


_send = botocore.httpsession.URLLib3Session.send
_post = LambdaRuntimeClient.post_invocation_result
_next = LambdaRuntimeClient.wait_next_invocation


def _faulty_send(self: Any, request: Any) -> Any:
    body = request.body if isinstance(request.body, bytes) else b""
    step = step_of(request.method, request.url, request.headers, body)
    answer = _happen(_taken(step, "before"), request.url)
    if answer is not None:
        return answer
    _weakened(step, request)
    found = _send(self, request)
    if not request.stream_output:
        found.content  # noqa: B018 - read before anything is done, as the process would have
    return _happen(_taken(step, "after"), request.url) or found


def _counting_next(self: Any) -> Any:
    """Nothing wrong here; it only counts the messages that come again."""
    found = _next(self)
    for record in json.loads(found.event_body).get("Records", []):
        if int(record["attributes"]["ApproximateReceiveCount"]) > 1:
            _redelivered()
    return found


def _redelivered() -> None:
    file = os.open(_DONE / "redelivered", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, b".")
    os.close(file)


def _faulty_post(self: Any, invoke_id: Any, result_data: Any, *rest: Any, **named: Any) -> Any:
    fault = _taken("answer", "before")
    if fault == "unknown id":
        result_data = json.dumps({"batchItemFailures": [{"itemIdentifier": "no-such-message"}]})
    else:
        _happen(fault, "")
    return _post(self, invoke_id, result_data, *rest, **named)


botocore.httpsession.URLLib3Session.send = _faulty_send  # type: ignore[method-assign]
LambdaRuntimeClient.post_invocation_result = _faulty_post
LambdaRuntimeClient.wait_next_invocation = _counting_next
