"""Scores one file in this process: `python -m benchmarks.batching.scoring ours|direct BUNDLE FILE`.

Prints one JSON object: rows, seconds from the open model to the last result written, resident memory at its peak. A
few thousand rows are scored before.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from itertools import islice
from pathlib import Path
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onehandler.handler import Handler

_FIRST = 5_000  # lines


def ours(bundle: str, file: Path) -> tuple[int, float]:
    """Plan and score every chunk, over files in place of S3."""
    from onehandler.handler import Handler
    from onehandler.settings import Settings

    handler = Handler.load(bundle, Settings({"ONEHANDLER_THREADS": "1"}))
    _planned_and_scored(handler, _beginning(file))
    return _planned_and_scored(handler, file)


def _planned_and_scored(handler: Handler, file: Path) -> tuple[int, float]:
    from benchmarks.batching.file_store import FileStore
    from onehandler.batch.job import Drop, Task
    from onehandler.batch.memory import MemoryLedger, MemoryQueue
    from onehandler.batch.plan import Planner
    from onehandler.batch.ports import Location
    from onehandler.batch.score import Scorer

    rows = 0
    with tempfile.TemporaryDirectory(dir=file.parent) as results:
        Path(results, "drops").symlink_to(file.parent.resolve())
        store, queue = FileStore(Path(results)), MemoryQueue()
        started = perf_counter()
        drop = Drop(Location("drops", file.name, version="1"), file.stat().st_size)
        ledger = MemoryLedger()
        Planner(handler.bundle, store, queue, ledger, "results", time).plan(drop)
        scorer = Scorer(handler, store, queue, ledger, "results")
        for body in queue.bodies:
            rows += scorer.score(Task.from_json(body)).counts.rows
        return rows, perf_counter() - started


def direct(bundle: str, file: Path) -> tuple[int, float]:
    """The loop that one would write: csv, numpy, onnxruntime, in blocks of as many rows."""
    import onnxruntime as ort

    from onehandler.batch.rows import block_rows
    from onehandler.bundle import Bundle

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(f"{bundle}/model.onnx", options)
    size = block_rows(Bundle.load(bundle).signature)
    _looped(session, size, _beginning(file))
    return _looped(session, size, file)


def _looped(session: Any, size: int, file: Path) -> tuple[int, float]:
    import csv

    import numpy as np

    name, rows = session.get_inputs()[0].name, 0
    with tempfile.TemporaryFile("w", dir=file.parent, newline="") as results, file.open(newline="") as given:
        started = perf_counter()
        reader, writer = csv.reader(given), csv.writer(results)
        next(reader)
        while block := list(islice(reader, size)):
            labels, probabilities = session.run(None, {name: np.array(block, dtype=np.float32)})
            writer.writerows(
                [label, *each] for label, each in zip(labels, probabilities.tolist(), strict=True)
            )
            rows += len(block)
        results.flush()
        return rows, perf_counter() - started


def _beginning(file: Path) -> Path:
    """A file of the first rows: what a process does once (imports, ONNX Runtime's arena) belongs to no chunk."""
    target = file.with_name(f"beginning-of-{file.name}")
    if not target.exists():
        with file.open() as given:
            target.write_text("".join(islice(given, _FIRST)))
    return target


if __name__ == "__main__":
    way, folder, path = sys.argv[1:]
    count, seconds = {"ours": ours, "direct": direct}[way](folder, Path(path))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"rows": count, "seconds": seconds, "peak_mb": peak}))
