"""Stand-ins for the control plane and the execution, with nothing hidden in them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
from local_emulator.aws.front.ports import FoundFunction, FunctionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.front.ports import ApiDefinition, FunctionUrl

ACCOUNT, REGION = "123456789012", "us-east-1"


def snapshot(name: str, version: str = "$LATEST", timeout_s: float = 3.0) -> FunctionSnapshot:
    return FunctionSnapshot(
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:{version}",
        name=name,
        version=version,
        handler="app.handler",
        runtime="python3.13",
        memory_mb=128,
        timeout_s=timeout_s,
        region=REGION,
        account_id=ACCOUNT,
        code_sha256="0" * 64,
    )


def outcome(
    value: object, *, error: str | None = None, log: bytes = b"", version: str = "$LATEST"
) -> Outcome:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Outcome(payload, error, "request", version, log, 1.0, None, 30)


@dataclass
class ScriptedRunner:
    """Answers with what `script` says; remembers every call. By default a function returns its event."""

    script: Callable[[FunctionSnapshot, Invocation], Outcome] = lambda function, invocation: outcome(
        {
            "statusCode": 200,
            "body": invocation.payload.decode(),
            "headers": {"content-type": "application/json"},
        }
    )
    calls: list[tuple[FunctionSnapshot, Invocation, int | None]] = field(default_factory=list)

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        self.calls.append((function, invocation, concurrency_limit))
        return self.script(function, invocation)


@dataclass
class Directory:
    """Functions by name and qualifier (None: $LATEST)."""

    functions: dict[tuple[str, str | None], FoundFunction] = field(default_factory=dict)

    def add(
        self, name: str, qualifier: str | None = None, *, limit: int | None = None, timeout_s: float = 3
    ) -> None:
        version = qualifier if qualifier and qualifier.isdigit() else "$LATEST"
        self.functions[name, qualifier] = FoundFunction(snapshot(name, version, timeout_s), limit)

    def find(self, account_id: str, region: str, name: str, qualifier: str | None) -> FoundFunction:
        found = self.functions.get((name, None if qualifier == "$LATEST" else qualifier))
        if found is None or (account_id, region) != (ACCOUNT, REGION):
            raise FunctionNotFoundError(name)
        return found


@dataclass
class RecordingAsyncInvoker:
    queued: list[tuple[FunctionSnapshot, bytes, str]] = field(default_factory=list)

    def enqueue(self, function: FunctionSnapshot, payload: bytes, request_id: str) -> None:
        self.queued.append((function, payload, request_id))


@dataclass
class Apis:
    definitions: dict[str, ApiDefinition] = field(default_factory=dict)

    def find_api(self, api_id: str) -> ApiDefinition | None:
        return self.definitions.get(api_id)

    def api_ids(self) -> list[str]:
        return list(self.definitions)


@dataclass
class Urls:
    urls: dict[str, FunctionUrl] = field(default_factory=dict)

    def find_url(self, url_id: str) -> FunctionUrl | None:
        return self.urls.get(url_id)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self, now: float = 1_583_349_317.135) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
