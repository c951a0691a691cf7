from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front.functions import (
    FunctionCaller,
    FunctionReference,
    FunctionTimeoutError,
    InvalidFunctionNameError,
    parse_integration_uri,
    parse_reference,
)
from local_emulator.aws.front.ports import FunctionNotFoundError
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION, Directory, ScriptedRunner, outcome

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionSnapshot, Outcome

_ARN = "arn:aws:lambda:eu-west-1:999999999999:function:f-1_x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f", FunctionReference(ACCOUNT, REGION, "f")),
        ("f:live", FunctionReference(ACCOUNT, REGION, "f", "live")),
        ("f:$LATEST", FunctionReference(ACCOUNT, REGION, "f", "$LATEST")),
        ("function:f", FunctionReference(ACCOUNT, REGION, "f")),
        ("999999999999:function:f:3", FunctionReference("999999999999", REGION, "f", "3")),
        (_ARN, FunctionReference("999999999999", "eu-west-1", "f-1_x")),
        (_ARN + ":live", FunctionReference("999999999999", "eu-west-1", "f-1_x", "live")),
    ],
)
def test_names(text: str, expected: FunctionReference) -> None:
    assert parse_reference(text, ACCOUNT, REGION) == expected


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a/b", "f:", "f:a:b", "x" * 65, "12:function:f", "arn:aws:s3:::bucket", _ARN + ":a:b", "f\n"],
)
def test_what_names_no_function(text: str) -> None:
    with pytest.raises(InvalidFunctionNameError):
        parse_reference(text, ACCOUNT, REGION)


def test_integration_uris() -> None:
    expected = FunctionReference("999999999999", "eu-west-1", "f-1_x")
    long = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{_ARN}/invocations"
    assert parse_integration_uri(_ARN, ACCOUNT, REGION) == expected
    assert parse_integration_uri(long, ACCOUNT, REGION) == expected
    with pytest.raises(InvalidFunctionNameError):
        parse_integration_uri("https://example.com", ACCOUNT, REGION)


def _throttled(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
    raise Throttled


@pytest.mark.parametrize("timeout_s", [3, 900])  # in the caller's own thread, and beside it
def test_calls_return_and_raise_what_the_runner_does(timeout_s: float) -> None:
    directory, runner = Directory(), ScriptedRunner(lambda function, invocation: outcome("x"))
    directory.add("f", timeout_s=timeout_s)
    caller = FunctionCaller(directory, runner)
    reference = FunctionReference(ACCOUNT, REGION, "f")
    assert caller.call(reference, Invocation(b"{}", "r"), 30).payload == b'"x"'
    runner.script = _throttled
    with pytest.raises(Throttled):
        caller.call(reference, Invocation(b"{}", "r"), 30)
    with pytest.raises(FunctionNotFoundError):
        caller.call(FunctionReference(ACCOUNT, REGION, "g"), Invocation(b"{}", "r"), 30)


def test_patience_ends_before_the_function_does() -> None:
    done, finished = threading.Event(), threading.Event()

    def slow(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
        done.wait(10)
        finished.set()
        return outcome("late")

    directory = Directory()
    directory.add("f", timeout_s=900)
    caller = FunctionCaller(directory, ScriptedRunner(slow))
    with pytest.raises(FunctionTimeoutError):
        caller.call(FunctionReference(ACCOUNT, REGION, "f"), Invocation(b"{}", "r"), 0.05)
    done.set()
    assert finished.wait(5)  # it runs on, as on AWS
    for thread in threading.enumerate():
        if thread.name == "front-invocation":
            thread.join(5)
