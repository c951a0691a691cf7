"""The servers that a protocol's clients were made for, each in its own environment: `make test-clients` makes them."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

from benchmarks.serving.processes import free_ports, running

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = Path("build/peers").resolve()
APPS = Path(__file__).parent / "apps"
_STARTS_WITHIN = 120.0  # seconds: it imports a lot, on a busy machine


@contextmanager
def mlserver(bundle: str, folder: Path) -> Iterator[str]:
    """MLServer with the model of a bundle, under the bundle's name; gives host:port once it answers."""
    model, port = Path(bundle), free_ports(3)
    program = PEERS / "peer-mlserver" / "bin" / "mlserver"
    assert program.exists(), f"{program} is not there; make test-clients makes it"
    ports = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
    settings = {"host": "127.0.0.1", **ports, "parallel_workers": 0}
    described = {
        "name": model.name,
        "implementation": "mlserver_onnx.Onnx",
        "parameters": {"version": "1"},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(described))
    environ = {**os.environ, "MODEL": str(model / "model.onnx"), "PYTHONPATH": str(APPS)}
    with running([str(program), "start", str(folder)], environ, folder):
        wait(f"http://127.0.0.1:{port}/v2/models/{model.name}/ready", folder / "server.log")
        yield f"127.0.0.1:{port}"


def wait(url: str, log: Path) -> None:
    """Return once the address answers; the server's words if it doesn't."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(log.read_text()[-4000:])
