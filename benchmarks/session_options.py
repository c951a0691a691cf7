"""What ONNX Runtime's settings change about opening a small model and running it once: the rest of a cold start.

    python -m benchmarks.session_options [--rounds 60] [--json]

The demo's forest through the onnxruntime package, in one process, in turns: opening the session and its first run.
Ways that answer otherwise than the plain one are an error.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import onnxruntime as ort

from benchmarks.models import forest
from benchmarks.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PACKAGES = ("onnxruntime", "numpy")
_PLAIN = "plain, from the path"


@click.command()
@click.option("--rounds", default=60, show_default=True, help="Sessions of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(rounds: int, as_json: bool, save: bool) -> None:
    """Measure and print."""
    served = forest()
    row = np.array([served.row], dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(served.onnx, Path(folder))
        expected = _opened(ways[_PLAIN], row)[2]
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, make in ways.items():
                opening, running, answer = _opened(make, row)
                if not np.allclose(answer, expected, atol=1e-6):
                    raise RuntimeError(f"{name} answers {answer}, {_PLAIN} {expected}")
                taken[name].append((opening, running))
    report(taken).tell("session_options", as_json=as_json, save=save)


def report(taken: Mapping[str, list[tuple[float, float]]]) -> Report:
    """Medians in milliseconds, and beside the plain way."""
    opening = {name: statistics.median(each[0] for each in times) for name, times in taken.items()}
    running = {name: statistics.median(each[1] for each in times) for name, times in taken.items()}
    rows = [{"way": name, "open ms": opening[name], "first run ms": running[name]} for name in taken]
    ratios = {
        f"{name.replace(', ', '_').replace(' ', '_')}_over_plain": (opening[name] + running[name])
        / (opening[_PLAIN] + running[_PLAIN])
        for name in taken
        if name != _PLAIN
    }
    return Report("Opening the demo's forest (medians)", rows, ratios, _PACKAGES)


def _ways(model: Path, folder: Path) -> dict[str, Callable[[], ort.InferenceSession]]:
    optimised, ort_file = folder / "optimised.onnx", folder / "model.ort"
    content = model.read_bytes()
    _session(str(model), optimized_model_filepath=str(optimised))
    saving = _options(optimized_model_filepath=str(ort_file))
    saving.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(str(model), saving)
    held = ort_file.read_bytes()
    direct = {"session.load_model_format": "ORT", "session.use_ort_model_bytes_directly": "1"}
    off = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return {
        _PLAIN: lambda: _session(str(model)),
        "from bytes": lambda: _session(content),
        "no optimisation": lambda: _session(str(model), graph_optimization_level=off),
        "optimised ahead": lambda: _session(str(optimised), graph_optimization_level=off),
        "ORT format, from the path": lambda: _session(str(ort_file)),
        "ORT format, bytes used directly": lambda: _session(held, direct),
        "no memory arena": lambda: _session(str(model), enable_cpu_mem_arena=False),
        "no memory pattern": lambda: _session(str(model), enable_mem_pattern=False),
        "two threads": lambda: _session(str(model), intra_op_num_threads=2),
    }


def _session(
    model: str | bytes, entries: Mapping[str, str] | None = None, **settings: Any
) -> ort.InferenceSession:
    options = _options(**settings)
    for key, value in (entries or {}).items():
        options.add_session_config_entry(key, value)
    return ort.InferenceSession(model, options)


def _options(**settings: Any) -> ort.SessionOptions:
    options = ort.SessionOptions()
    for name, value in {"intra_op_num_threads": 1, "log_severity_level": 3, **settings}.items():
        setattr(options, name, value)
    return options


def _opened(make: Callable[[], ort.InferenceSession], row: Any) -> tuple[float, float, Any]:
    """Milliseconds to open and to run first, and the probabilities."""
    started = time.perf_counter()
    session = make()
    opened = time.perf_counter()
    answer = session.run(None, {session.get_inputs()[0].name: row})
    return (opened - started) * 1000, (time.perf_counter() - opened) * 1000, answer[-1]


if __name__ == "__main__":
    main()
