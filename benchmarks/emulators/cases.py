"""What every emulator is asked to do. Each case checks its answers and gives figures by name."""

from __future__ import annotations

import io
import json
import statistics
import time
import zipfile
from typing import TYPE_CHECKING, Any

from benchmarks.emulators.servers import REGION
from benchmarks.serving.load import ask, load, request
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.emulators.servers import Running

_SOURCE = """
import json
def handler(event, context):
    failed = {"batchItemFailures": []}
    return failed if "Records" in event else {"statusCode": 200, "body": json.dumps({"got": len(event)})}
"""
_ROLE = "bench"
_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_TEN = 10  # messages a batch


def invoke(server: Running, cold: int, warm: int) -> dict[str, float]:
    """Synchronous invocations through boto3: the first of a function, and those after it."""
    functions = server.client("lambda")
    firsts = []
    for number in range(cold):
        name = make_function(server, f"cold{number}")
        firsts.append(_timed(_invoke, functions, name))
    times = [_timed(_invoke, functions, "cold0") for _ in range(warm)]
    return {
        "invoke cold ms": statistics.median(firsts),
        "invoke warm ms": statistics.median(times),
        "invoke warm p99 ms": sorted(times)[int(0.99 * (len(times) - 1))],
    }


def http_api(server: Running, seconds: float) -> dict[str, float]:
    """Requests per second to a function behind an HTTP API, by its host name."""
    functions, apis = server.client("lambda"), server.client("apigatewayv2")
    name = make_function(server, "http")
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    api = apis.create_api(Name="bench", ProtocolType="HTTP")["ApiId"]
    made = apis.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    apis.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{made['IntegrationId']}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    sent = request("/predict", {"rows": []}).replace(
        b"host: 127.0.0.1\r\n", f"host: {api}.execute-api.localhost:{server.port}\r\n".encode()
    )
    if "got" not in ask(server.port, sent):
        raise RuntimeError(f"{server.name}'s HTTP API answers otherwise")
    rates = {count: len(load(server.port, sent, count, seconds)) / seconds for count in (1, 16)}
    return {f"HTTP API requests/s, {count}": rate for count, rate in rates.items()}


def queue(server: Running, depth: int, messages: int) -> dict[str, float]:
    """Messages a second of one client, in tens: sent to, then received and deleted from, a queue of that depth."""
    client = server.client("sqs")
    url = client.create_queue(QueueName=f"depth{depth}")["QueueUrl"]
    _send(client, url, depth)
    sending = _timed(_send, client, url, messages) / 1000
    receiving = _timed(_receive, client, url, messages) / 1000
    client.delete_queue(QueueUrl=url)
    return {
        f"SQS send/s at {depth:,}": messages / sending,
        f"SQS receive+delete/s at {depth:,}": messages / receiving,
    }


def objects(server: Running, rounds: int) -> dict[str, float]:
    """S3, put and get, small and large."""
    client = server.client("s3")
    client.create_bucket(Bucket="bench")
    found: dict[str, float] = {}
    for label, size in (("1 KB", 1024), ("8 MB", 8 * 1024 * 1024)):
        body = bytes(range(256)) * (size // 256)
        put = [_timed(_put, client, label, body) for _ in range(rounds)]
        get = [_timed(_get, client, label, body) for _ in range(rounds)]
        found |= {f"S3 put {label} ms": statistics.median(put), f"S3 get {label} ms": statistics.median(get)}
    return found


def event_source(server: Running, messages: int, within: float) -> dict[str, float]:
    """Messages a second through an event source mapping, from its making until the queue is empty."""
    client, functions = server.client("sqs"), server.client("lambda")
    url = client.create_queue(QueueName="mapped", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    _send(client, url, messages)
    name = make_function(server, "mapped")
    _invoke(functions, name)
    begun = time.perf_counter()
    functions.create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:{REGION}:{server.account()}:mapped",
        FunctionName=name,
        BatchSize=_TEN,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    left = messages
    while left and time.perf_counter() - begun < within:
        time.sleep(0.05)
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        left = sum(int(found[each]) for each in names)
    return {"event source messages/s": (messages - left) / (time.perf_counter() - begun)}


def make_role(server: Running) -> None:
    """The role that all functions have."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [_TRUST]})
    server.client("iam").create_role(RoleName=_ROLE, AssumeRolePolicyDocument=policy)


def make_function(server: Running, name: str) -> str:
    """Create it and wait until it can be invoked."""
    functions = server.client("lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", _SOURCE)
    functions.create_function(
        FunctionName=name,
        Runtime=f"python{this_version()}",
        Handler="app.handler",
        Role=f"arn:aws:iam::{server.account()}:role/{_ROLE}",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return name


def _invoke(functions: Any, name: str) -> None:
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({"rows": [1]}))
    found = json.loads(answer["Payload"].read())
    if found.get("statusCode") != 200:
        raise RuntimeError(f"invoke answered {found}")


def _send(client: Any, url: str, messages: int) -> None:
    for first in range(0, messages, _TEN):
        answer = client.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": f"{first + n:0200d}"} for n in range(_TEN)]
        )
        if len(answer["Successful"]) != _TEN:
            raise RuntimeError(f"sending answered {answer}")


def _receive(client: Any, url: str, messages: int) -> None:
    received = 0
    while received < messages:
        answer = client.receive_message(QueueUrl=url, MaxNumberOfMessages=_TEN)
        found = answer.get("Messages", [])
        if not found:
            raise RuntimeError(f"the queue is empty after {received} of {messages} messages")
        gone = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(found)]
        client.delete_message_batch(QueueUrl=url, Entries=gone)
        received += len(found)


def _put(client: Any, key: str, body: bytes) -> None:
    client.put_object(Bucket="bench", Key=key, Body=body)


def _get(client: Any, key: str, expected: bytes) -> None:
    if client.get_object(Bucket="bench", Key=key)["Body"].read() != expected:
        raise RuntimeError("the object came back otherwise")


def _timed(call: Callable[..., None], *arguments: Any) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - started) * 1000
