"""What a process needs from its start to the loaded model, measured here: what a cold start will be made of."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from onehandler.errors import ConversionError
from onehandler.runtimes import open_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.bundle import Bundle

_TIMES = 5


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Medians in milliseconds, and the bytes of the model and its weights.

    `python` is a process that does nothing, `loaded` one that ends when the bundle is loaded, `session` the part of it
    that opens the model; a served model that is not ONNX is opened by its own packages, and `session` is None.
    """

    python: float
    loaded: float
    session: float | None
    model_bytes: int


def cold_start(bundle: Bundle) -> ColdStart:
    """Start processes and time them. Raises ConversionError when one cannot load the bundle."""
    load = f"from onehandler.handler import Handler; Handler.load({bundle.folder!r})"
    environment = {**os.environ, "ONEHANDLER_BUNDLE_DIGEST": bundle.digest}
    nothing = _median(lambda: _run("pass", environment))
    loaded = _median(lambda: _run(load, environment))
    files = bundle.manifest["files"].items()
    size = sum(int(entry["bytes"]) for name, entry in files if name.startswith("model."))
    session = _median(lambda: _open(bundle)) if bundle.runtime == "onnx" else None
    return ColdStart(nothing, loaded, session, size)


def _run(code: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[-1][:300]
        raise ConversionError(f"a process of its own cannot load the bundle: {reason}")


def _open(bundle: Bundle) -> None:
    open_model(bundle.runtime, bundle.model_path, threads=1).close()


def _median(do: Callable[[], None]) -> float:
    times = []
    for _ in range(_TIMES):
        begun = perf_counter()
        do()
        times.append(perf_counter() - begun)
    return median(times) * 1e3
