"""The Invoke API through boto3, and by hand where boto3 would not send it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_emulator.aws.execution.contracts import Throttled
from tests.local_emulator.aws.front.aws import aws_client
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION, outcome
from tests.local_emulator.wire import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
    from tests.local_emulator.aws.front.conftest import Running

_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:predict"
_PATH = "/2015-03-31/functions/predict/invocations"


@pytest.fixture
def client(front: Running) -> Iterator[Any]:
    front.directory.add("predict", limit=5)
    front.directory.add("predict", "live")
    front.directory.add("predict", "3")
    made = aws_client("lambda", front.port)
    yield made
    made.close()


def test_request_response(front: Running, client: Any) -> None:
    log = b"START\n" + b"x" * 5000 + b"END\n"
    front.runner.script = lambda function, invocation: outcome(
        {"got": json.loads(invocation.payload)}, log=log
    )
    answer = client.invoke(FunctionName="predict", Payload=b'{"a": 1}', LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.load(answer["Payload"]) == {"got": {"a": 1}}
    assert base64.b64decode(answer["LogResult"]) == log[-4096:]
    assert "FunctionError" not in answer
    function, invocation, limit = front.runner.calls[0]
    assert (function.name, limit, invocation.invoked_arn) == ("predict", 5, _ARN)
    assert answer["ResponseMetadata"]["RequestId"] == invocation.request_id


def test_no_payload_is_an_empty_object_and_no_log_is_given_unasked(front: Running, client: Any) -> None:
    answer = client.invoke(FunctionName="predict")
    assert front.runner.calls[0][1].payload == b"{}"
    assert "LogResult" not in answer


def test_function_errors(front: Running, client: Any) -> None:
    front.runner.script = lambda function, invocation: outcome({"errorMessage": "x"}, error="Unhandled")
    answer = client.invoke(FunctionName="predict")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [
        (_ARN, None, _ARN),
        (_ARN + ":live", None, _ARN + ":live"),
        (f"{ACCOUNT}:function:predict", None, _ARN),
        ("predict:3", None, _ARN + ":3"),
        ("predict:3", "3", _ARN + ":3"),
        ("predict", "live", _ARN + ":live"),
        ("predict", "$LATEST", _ARN + ":$LATEST"),
    ],
)
def test_every_form_of_name(front: Running, client: Any, name: str, qualifier: str | None, arn: str) -> None:
    client.invoke(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    assert front.runner.calls[0][1].invoked_arn == arn


def test_event_is_queued(front: Running, client: Any) -> None:
    answer = client.invoke(FunctionName="predict", InvocationType="Event", Payload=b"[1]")
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    function, payload, request_id = front.queue.queued[0]
    assert (function.name, payload, request_id) == (
        "predict",
        b"[1]",
        answer["ResponseMetadata"]["RequestId"],
    )
    assert front.runner.calls == []


def test_dry_run_runs_nothing(front: Running, client: Any) -> None:
    assert client.invoke(FunctionName="predict", InvocationType="DryRun")["StatusCode"] == 204
    assert (front.runner.calls, front.queue.queued) == ([], [])


def test_client_context(front: Running, client: Any) -> None:
    context = json.dumps({"custom": {"a": "ü"}}, ensure_ascii=False)
    client.invoke(FunctionName="predict", ClientContext=base64.b64encode(context.encode()).decode())
    assert front.runner.calls[0][1].client_context == context


def _throttled(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
    raise Throttled


def test_throttles(front: Running, client: Any) -> None:
    front.runner.script = _throttled
    with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
        client.invoke(FunctionName="predict")
    response = caught.value.response
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Error"]["Message"] == "Rate Exceeded."
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429


def failure(client: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        client.invoke(**arguments)
    response: Any = caught.value.response
    return (
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Code"],
        response["Error"]["Message"],
    )


def test_not_found_in_lambdas_words(client: Any) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
    missing = (404, "ResourceNotFoundException")
    assert failure(client, FunctionName="none") == (*missing, f"Function not found: {arn}:none:$LATEST")
    assert failure(client, FunctionName="predict", Qualifier="9") == (
        *missing,
        f"Function not found: {arn}:predict:9",
    )
    assert failure(client, FunctionName="none", InvocationType="Event")[:2] == missing
    assert failure(client, FunctionName="none", InvocationType="DryRun")[:2] == missing
    elsewhere = failure(client, FunctionName=_ARN.replace(REGION, "eu-west-1"))
    assert elsewhere[:2] == missing
    assert "not reachable in this region" in elsewhere[2]


@pytest.mark.parametrize("payload", [b"{", b"nope", b"\xff", b"NaN", b"[1,]", b"[" * 100_000])
def test_a_payload_that_is_not_json(front: Running, client: Any, payload: bytes) -> None:
    status, code, _ = failure(client, FunctionName="predict", Payload=payload)
    assert (status, code) == (400, "InvalidRequestContentException")
    assert front.runner.calls == []


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6 * 1024 * 1024), ("Event", 1024 * 1024)])
def test_payload_limits(client: Any, kind: str, limit: int) -> None:
    payload = b'"' + b"x" * (limit - 2) + b'"'
    client.invoke(FunctionName="predict", InvocationType=kind, Payload=payload)
    status, code, message = failure(
        client, FunctionName="predict", InvocationType=kind, Payload=payload + b" "
    )
    assert (status, code) == (413, "RequestTooLargeException")
    assert str(limit) in message


def test_qualifiers_that_disagree(client: Any) -> None:
    status, code, _ = failure(client, FunctionName="predict:live", Qualifier="3")
    assert (status, code) == (400, "InvalidParameterValueException")


@pytest.mark.parametrize("context", ["!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()])
def test_a_client_context_that_is_no_object(client: Any, context: str) -> None:
    assert failure(client, FunctionName="predict", ClientContext=context)[:2] == (
        400,
        "InvalidRequestContentException",
    )


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/2015-03-31/functions/a%20b/invocations", {}),
        ("/2015-03-31/functions//invocations", {}),
        ("/2015-03-31/functions/..%2F/invocations", {}),
        (_PATH, {"X-Amz-Invocation-Type": "Later"}),
    ],
)
def test_what_boto3_would_not_send(front: Running, path: str, headers: dict[str, str]) -> None:
    front.directory.add("predict")
    reply = send(front.port, "POST", path, headers=headers)
    assert (reply.status, reply.header("x-amzn-errortype")) == (400, "InvalidParameterValueException")


def test_an_unsigned_request_is_answered_too(front: Running) -> None:
    front.directory.add("predict")
    reply = send(front.port, "POST", _PATH, body=b"{}")
    assert (reply.status, reply.header("x-amz-executed-version")) == (200, "$LATEST")


def test_streaming_is_refused_by_name(front: Running, client: Any) -> None:
    with pytest.raises(ClientError, match="InvokeWithResponseStream") as caught:
        client.invoke_with_response_stream(FunctionName="predict")
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
