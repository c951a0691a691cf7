"""One Lambda instance, measured: spawn the stock awslambdaric, send an event, stop the clock at the answer.

The Runtime API is spoken from the measuring process over one socket, so nothing stands between the function's
answer and the clock.
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_DEADLINE_S = 60


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function as deployed: its code folder, the folders of its layers, its entry point."""

    name: str
    code: Path
    layers: Sequence[Path]
    entry_point: str
    environment: Mapping[str, str]
    startup: Sequence[str] = ()  # folders first on PYTHONPATH: /var/task/… where it is deployed


@dataclass(frozen=True, slots=True)
class Start:
    """One cold start: spawn to `next` (init), spawn to first answer (cold), resident memory, the answer.

    `warm_ms` are the invocations after it.
    """

    init_ms: float
    cold_ms: float
    resident_mb: float
    answer: Any
    warm_ms: Sequence[float] = ()


def cold_start(
    function: Deployed,
    python: Path,
    event: Mapping[str, Any],
    watch: Callable[[int], object] = lambda _: None,
    warm: int = 0,
) -> Start:
    """Spawn a fresh process and take it to its first answer. RuntimeError when that is an error.

    `watch` is called with the process's id as soon as it runs; `warm` invocations more follow.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_DEADLINE_S)
        began = time.perf_counter()
        with _spawned(function, python, listener.getsockname()[1]) as process:
            watch(process.pid)
            channel, _ = listener.accept()
            with channel:
                channel.settimeout(_DEADLINE_S)
                channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                path, body = _request(channel)
                init = time.perf_counter() - began
                if path.endswith("/next"):
                    channel.sendall(_invocation(json.dumps(event).encode()))
                    path, body = _request(channel)
                cold = time.perf_counter() - began
                if not path.endswith("/response"):
                    raise RuntimeError(f"{body.decode(errors='replace')[:2000]}")
                channel.sendall(_ACCEPTED)
                resident = _resident_mb(process.pid)
                invocation = _invocation(json.dumps(event).encode())
                warm_ms = [_again(channel, invocation) for _ in range(warm)]
                return Start(init * 1000, cold * 1000, resident, json.loads(body), warm_ms)


def _again(channel: socket.socket, invocation: bytes) -> float:
    """Milliseconds from one more invocation to its answer."""
    _request(channel)
    began = time.perf_counter()
    channel.sendall(invocation)
    path, _ = _request(channel)
    took = time.perf_counter() - began
    if not path.endswith("/response"):
        raise RuntimeError(f"a warm invocation went to {path}")
    channel.sendall(_ACCEPTED)
    return took * 1000


@contextmanager
def _spawned(function: Deployed, python: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(python), "-B", "-m", "awslambdaric", function.entry_point]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=function.code, env=_environment(function, port), stdout=said, stderr=said
        )
        try:
            yield process
        except (RuntimeError, OSError) as error:
            said.seek(0)
            raise RuntimeError(f"{function.name}: {error}\n{said.read()[-4000:].decode()}") from error
        finally:
            process.kill()
            process.wait()


def _environment(function: Deployed, port: int) -> dict[str, str]:
    layers = [str(folder / "python") for folder in function.layers]
    libraries = [str(folder / "lib") for folder in function.layers]
    return {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{this_version()}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_REGION": "us-east-1",
        "_HANDLER": function.entry_point,
        "LAMBDA_TASK_ROOT": str(function.code),
        "LD_LIBRARY_PATH": ":".join([*libraries, str(function.code)]),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        **function.environment,
        "PYTHONPATH": ":".join([*function.startup, str(function.code), *layers]),
    }


def _invocation(payload: bytes) -> bytes:
    deadline = int(time.time() * 1000) + _DEADLINE_S * 1000
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: bench\r\n"
        b"Lambda-Runtime-Deadline-Ms: %d\r\nLambda-Runtime-Trace-Id: Root=1-1-1\r\n"
        b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (deadline, len(payload), payload)
    )


def _request(channel: socket.socket) -> tuple[str, bytes]:
    """The next request of the runtime client: its path and its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(channel)
    head, _, body = received.partition(b"\r\n\r\n")
    line, *headers = head.decode("latin1").split("\r\n")
    named = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
    if named.get("transfer-encoding", "").lower() == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _some(channel)
        return line.split(" ")[1], _unchunked(body)
    while len(body) < int(named.get("content-length", 0)):
        body += _some(channel)
    return line.split(" ")[1], body


def _some(channel: socket.socket) -> bytes:
    data = channel.recv(1 << 18)
    if not data:
        raise RuntimeError("the runtime client closed its connection")
    return data


def _unchunked(body: bytes) -> bytes:
    found = b""
    while size := int(body.partition(b"\r\n")[0], 16):
        start = body.index(b"\r\n") + 2
        found += body[start : start + size]
        body = body[start + size + 2 :]
    return found


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
