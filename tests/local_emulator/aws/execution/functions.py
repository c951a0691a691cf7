"""Makes functions from source text, and a log sink that keeps what it gets."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.aws.execution.contracts import Outcome

ECHO = "def handler(event, context):\n    return event\n"
PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these files, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            entry.external_attr = 0o100644 << 16
            opened.writestr(entry, content)
    return buffer.getvalue()


def function(
    source: str = ECHO, *, files: Mapping[str, str] | None = None, **settings: Any
) -> FunctionSnapshot:
    """A function whose module `app` is this source."""
    code = archive({"app.py": dedent(source), **(files or {})})
    name = settings.pop("name", "tested")
    version = settings.pop("version", "$LATEST")
    layers = tuple(settings.pop("layers", ()))
    variables = {
        "arn": f"arn:aws:lambda:eu-west-1:123456789012:function:{name}:{version}",
        "name": name,
        "version": version,
        "handler": "app.handler",
        "runtime": f"python{this_version()}",
        "memory_mb": 256,
        "timeout_s": 10.0,
        "region": "eu-west-1",
        "account_id": "123456789012",
        "code_sha256": hashlib.sha256(code).hexdigest(),
        "layer_sha256s": tuple(hashlib.sha256(layer).hexdigest() for layer in layers),
        "code": code,
        "layers": layers,
    }
    return FunctionSnapshot(**{**variables, **settings})


def invocation(event: Any = None, **settings: Any) -> Invocation:
    """An invocation with this event."""
    return Invocation(json.dumps(event).encode(), request_id=str(uuid4()), **settings)


def answer(outcome: Outcome) -> Any:
    """The payload of an invocation that has to have gone well."""
    assert outcome.function_error is None, outcome.payload + b"\n" + outcome.log
    return json.loads(outcome.payload)


def error(outcome: Outcome) -> Any:
    """The payload of an invocation that has to have failed."""
    assert outcome.function_error == "Unhandled", outcome.payload
    return json.loads(outcome.payload)


@dataclass
class Lines:
    """A LogSink that keeps everything."""

    writes: list[tuple[str, str, bytes, int]] = field(default_factory=list)

    def write(self, group: str, stream: str, lines: bytes, timestamp_ms: int) -> None:
        self.writes.append((group, stream, lines, timestamp_ms))

    @property
    def text(self) -> str:
        return b"".join(lines for _, _, lines, _ in self.writes).decode()


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie, which is its parent's to collect."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] not in "ZX"


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something that has to come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.002)
