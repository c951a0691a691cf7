"""How callers name functions, and how the front calls one."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionRunner, Invocation, Outcome
    from local_emulator.aws.front.ports import FoundFunction, FunctionDirectory

_QUALIFIER = r"(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):function:"
    r"(?P<name>[A-Za-z0-9_-]{1,64})" + _QUALIFIER
)
_PARTIAL = re.compile(r"(?:(?P<account>[0-9]{12}):)?function:(?P<name>[A-Za-z0-9_-]{1,64})" + _QUALIFIER)
_NAME = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,64})" + _QUALIFIER)
_GATEWAY_URI = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(.+)/invocations"
)
_INIT_S = 10.0  # what AWS gives the init phase on top of the function's own timeout


class InvalidFunctionNameError(ValueError):
    """The text is no name of a function in any of Lambda's forms."""


class FunctionTimeoutError(Exception):
    """The caller's patience ended before the function did; the function runs on."""


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function as a caller named it."""

    account_id: str
    region: str
    name: str
    qualifier: str | None = None

    def arn(self) -> str:
        """Give what `context.invoked_function_arn` shows: qualified only if the caller did so."""
        arn = f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"
        return arn if self.qualifier is None else f"{arn}:{self.qualifier}"


def parse_reference(text: str, account_id: str, region: str) -> FunctionReference:
    """Parse a name, a partial ARN or an ARN; what it leaves open comes from the caller's credentials."""
    match = _ARN.fullmatch(text) or _PARTIAL.fullmatch(text) or _NAME.fullmatch(text)
    if match is None:
        raise InvalidFunctionNameError(text)
    found = match.groupdict()
    return FunctionReference(
        found.get("account") or account_id, found.get("region") or region, found["name"], found["qualifier"]
    )


def parse_integration_uri(uri: str, account_id: str, region: str) -> FunctionReference:
    """Parse the URI of an integration or authorizer: a function's ARN, bare or in API Gateway's long form."""
    match = _GATEWAY_URI.fullmatch(uri)
    return parse_reference(match.group(1) if match else uri, account_id, region)


@dataclass(frozen=True, slots=True)
class FunctionCaller:
    """Runs functions by reference."""

    directory: FunctionDirectory
    runner: FunctionRunner

    def find(self, reference: FunctionReference) -> FoundFunction:
        """Find the function as it is now. Raises FunctionNotFoundError."""
        return self.directory.find(
            reference.account_id, reference.region, reference.name, reference.qualifier
        )

    def call(self, reference: FunctionReference, invocation: Invocation, patience_s: float) -> Outcome:
        """Run and wait. Raises FunctionNotFoundError, Throttled, FunctionTimeoutError."""
        found = self.find(reference)
        invocation = replace(invocation, invoked_arn=reference.arn())
        if found.snapshot.timeout_s + _INIT_S <= patience_s:
            return self.runner.invoke(found.snapshot, invocation, found.concurrency_limit)
        return _Attempt(self.runner, found, invocation).result(patience_s)


class _Attempt:
    """One run in a thread of its own, because it may take longer than its caller waits."""

    def __init__(self, runner: FunctionRunner, found: FoundFunction, invocation: Invocation) -> None:
        self._runner, self._found, self._invocation = runner, found, invocation
        self._outcome: Outcome | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="front-invocation", daemon=True)

    def result(self, patience_s: float) -> Outcome:
        self._thread.start()
        self._thread.join(patience_s)
        if self._error is not None:
            raise self._error
        if self._outcome is None:
            raise FunctionTimeoutError
        return self._outcome

    def _run(self) -> None:
        try:
            self._outcome = self._runner.invoke(
                self._found.snapshot, self._invocation, self._found.concurrency_limit
            )
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            self._error = error
