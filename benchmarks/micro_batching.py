"""Requests per second and p99 of `onehandler serve` with micro-batching off and on.

    python -m benchmarks.micro_batching [--quick] [--json]

Two models made here: a small one (softmax of four features, microseconds a run) and a compute-heavy one (eight dense
layers of 1024 by 1024 between 64 features and 8 outputs, milliseconds a run, 32 MB of weights that every run reads).
All four servers are up at once and are asked in turns by one process that keeps a number of connections busy; each
answer is compared with the unbatched one before any time is taken.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks.report import Report
from benchmarks.serving.load import ask, load, request
from onehandler.bundle_writer import Draft, write_bundle
from onehandler.dtypes import dtype_named
from onehandler.signature import Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, LAYERS, FEATURES, OUTPUTS = 1024, 8, 64, 8
CONNECTIONS = (1, 8, 32)
OF_RATIOS = 32
BATCHED = ("--max-batch", "16", "--max-wait", "10")
_TOLERANCE = 1e-4
_PACKAGES = ("onnxruntime", "uvicorn", "httptools", "uvloop")


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the comparison, and what each number of connections saw, in seconds a call by round."""

    model: str
    batching: bool
    port: int
    rounds: dict[int, list[list[float]]] = field(default_factory=lambda: {count: [] for count in CONNECTIONS})

    def per_second(self, connections: int, seconds: float) -> float:
        """Calls answered in a second; the median of all rounds."""
        return statistics.median(len(times) / seconds for times in self.rounds[connections])

    def milliseconds(self, connections: int, share: float) -> float:
        """So long or less took this share of the calls; the median of all rounds."""
        return statistics.median(
            sorted(times)[int(share * (len(times) - 1))] * 1000 for times in self.rounds[connections]
        )


@click.command()
@click.option("--seconds", default=3.0, show_default=True, help="Of each measurement.")
@click.option("--rounds", default=5, show_default=True, help="Measurements of each kind.")
@click.option("--quick", is_flag=True, help="One round of a second.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(seconds: float, rounds: int, quick: bool, as_json: bool, save: bool) -> None:
    """Measure and print."""
    seconds, rounds = (1.0, 1) if quick else (seconds, rounds)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bundles = {"small": small_model(Path(folder)), "heavy": heavy_model(Path(folder))}
        servers = [
            Server(model, batching, stack.enter_context(serving(path, BATCHED if batching else ())))
            for model, path in bundles.items()
            for batching in (False, True)
        ]
        requests = {model: request_to(path) for model, path in bundles.items()}
        check_answers(servers, requests)
        for _ in range(rounds):
            for count in CONNECTIONS:
                for server in servers:
                    server.rounds[count].append(load(server.port, requests[server.model], count, seconds))
    report(servers, seconds).tell("micro_batching", as_json=as_json, save=save)


def report(servers: list[Server], seconds: float) -> Report:
    """The table, and batched over unbatched with many connections and with one."""
    rows = [
        {
            "model": server.model,
            "micro-batching": "on" if server.batching else "off",
            "connections": str(count),
            "requests/s": server.per_second(count, seconds),
            "p50 ms": server.milliseconds(count, 0.5),
            "p99 ms": server.milliseconds(count, 0.99),
        }
        for count in CONNECTIONS
        for server in servers
    ]
    ratios = {}
    for off, on in zip(servers[::2], servers[1::2], strict=True):
        for suffix, count in (("", OF_RATIOS), ("_8", 8), ("_1", 1)):
            name = f"{on.model}_batched_over_unbatched"
            ratios[f"{name}_rps{suffix}"] = on.per_second(count, seconds) / off.per_second(count, seconds)
            ratios[f"{name}_p99{suffix}"] = on.milliseconds(count, 0.99) / off.milliseconds(count, 0.99)
    title = f"onehandler serve {' '.join(BATCHED)}; ratios at {OF_RATIOS} connections, _8 at 8, _1 at one"
    return Report(title, rows, ratios, _PACKAGES)


def small_model(folder: Path) -> Path:
    """Softmax regression of four features."""
    weights = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["s"]), helper.make_node("Softmax", ["s"], ["y"], axis=1)]
    return _bundle(folder, "small", nodes, {"w": weights}, 4, 3)


def heavy_model(folder: Path) -> Path:
    """Dense layers with ReLU, eight of them 1024 wide on both sides."""
    chance = np.random.default_rng(2)
    sizes = [FEATURES, *[WIDTH] * (LAYERS + 1), OUTPUTS]
    nodes, constants, source = [], {}, "x"
    for layer, (rows, columns) in enumerate(pairwise(sizes)):
        constants[f"w{layer}"] = chance.normal(0, rows**-0.5, (rows, columns)).astype(np.float32)
        last = layer == LAYERS + 1
        target = "y" if last else f"m{layer}"
        nodes.append(helper.make_node("MatMul", [source, f"w{layer}"], [target]))
        if not last:
            source = f"h{layer}"
            nodes.append(helper.make_node("Relu", [target], [source]))
    return _bundle(folder, "heavy", nodes, constants, FEATURES, OUTPUTS)


def _bundle(
    folder: Path, name: str, nodes: list[Any], constants: dict[str, Any], wide_in: int, wide_out: int
) -> Path:
    values = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, ["n", width])
        for each, width in (("x", wide_in), ("y", wide_out))
    ]
    weights = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph(nodes, name, values[:1], values[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    float32 = dtype_named("float32")
    signature = Signature(
        [TensorSpec("x", float32, (-1, wide_in))], [TensorSpec("y", float32, (-1, wide_out))]
    )
    files = {"model.onnx": model.SerializeToString()}
    samples = {"rows": [_row(wide_in)]}
    draft = Draft(name, "1", "onnx", "model.onnx", signature, files, samples=samples)
    write_bundle(draft, folder / name)
    return folder / name


def _row(width: int) -> list[float]:
    return [round(float(value), 3) for value in np.random.default_rng(3).normal(size=width)]


def request_to(bundle: Path) -> bytes:
    """One row, as the wire carries it."""
    [row] = json.loads((bundle / "bundle.json").read_text())["samples"]["rows"]
    return request("/predict", {"rows": [row]})


@contextmanager
def serving(bundle: Path, options: tuple[str, ...]) -> Iterator[int]:
    """`onehandler serve` on a free port."""
    command = [sys.executable, "-m", "onehandler.cli.main", "serve", str(bundle), "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            found = re.search(r":(\d+)/", line)
            if found is None:
                raise RuntimeError(f"{' '.join(command)} says {line}")
            yield int(found[1])
        finally:
            process.terminate()


def check_answers(servers: list[Server], requests: dict[str, bytes]) -> None:
    """Raise unless batching changes no answer, also under load."""
    for off, on in zip(servers[::2], servers[1::2], strict=True):
        load(on.port, requests[on.model], CONNECTIONS[-1], 0.3)
        expected, found = (ask(server.port, requests[on.model])["predictions"] for server in (off, on))
        if not np.allclose(expected, found, atol=_TOLERANCE):
            raise RuntimeError(f"{on.model} answers otherwise when batched")


if __name__ == "__main__":
    main()
