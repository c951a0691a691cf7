"""A planner, a scorer and a sweeper over ports in memory."""

from __future__ import annotations

import csv
import io
import json

from onehandler.batch.job import Drop, Task
from onehandler.batch.memory import MemoryLedger, MemoryQueue, MemoryStore
from onehandler.batch.plan import Planner
from onehandler.batch.ports import Location
from onehandler.batch.score import Chunk, Scorer
from onehandler.batch.sweep import Sweeper
from onehandler.handler import Handler
from tests.bundles import COLUMNS, ROW

HEADER = ",".join(["id", *reversed(COLUMNS)])
LINE = ",".join(["7", *map(str, reversed(ROW))])


class Bench:
    """Jobs of one bundle, step by step."""

    def __init__(self, handler: Handler, chunk_bytes: int = 8 << 20) -> None:
        self.store, self.queue, self.ledger = MemoryStore(), MemoryQueue(), MemoryLedger()
        self.now = 1000.0
        ports = self.store, self.queue, self.ledger, "results"
        self.planner = Planner(handler.bundle, *ports, lambda: self.now, chunk_bytes)
        self.scorer = Scorer(handler, *ports)
        self.sweeper = Sweeper(*ports, lambda: self.now, stalled=100.0)

    def drop(self, key: str, content: bytes, **options: object) -> str:
        location = Location("drops", key, version="v1")
        self.store.create(
            location, content, "text/csv", {"onehandler": json.dumps(options)} if options else {}
        )
        return self.planner.plan(Drop(location, len(content)))

    def work(self) -> list[Chunk]:
        done = []
        while self.queue.bodies:
            bodies, self.queue.bodies = self.queue.bodies, []
            done += [self.scorer.score(Task.from_json(body)) for body in bodies]
        return done

    def body(self, key: str) -> bytes:
        return self.store.objects["results", key].body

    def result_keys(self) -> list[str]:
        return sorted(key for bucket, key in self.store.objects if bucket == "results")

    def parts(self, prefix: str) -> list[bytes]:
        return [self.body(key) for key in self.result_keys() if key.startswith(prefix + "part-")]

    def rows(self, prefix: str) -> list[dict[str, str]]:
        parts = [part.decode() for part in self.parts(prefix)]
        return [row for part in parts for row in csv.DictReader(io.StringIO(part, newline=""))]

    def refused(self, prefix: str) -> str:
        reason: str = json.loads(self.body(prefix + "_REFUSED"))["reason"]
        return reason
