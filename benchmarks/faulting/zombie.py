"""A worker whose lease is over: scores a chunk, and writes its part only when a file appears.

python -m benchmarks.faulting.zombie BUNDLE MANIFEST CHUNK FILE, with the environment of the score function
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.dynamodb import DynamoLedger
from adapters.s3 import S3Store
from adapters.sqs import SqsQueue
from onehandler.batch.job import Task
from onehandler.batch.score import Scorer
from onehandler.batch.settings import BatchSettings
from onehandler.handler import Handler
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onehandler.batch.ports import Location


class LateStore(S3Store):
    """Waits before it writes a part."""

    release: Path

    def create(
        self, location: Location, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """As S3Store, later."""
        if "/part-" not in location.key:
            return super().create(location, body, content_type, metadata)
        print("scored", flush=True)
        while not self.release.exists():
            time.sleep(0.05)
        written = super().create(location, body, content_type, metadata)
        print("written" if written else "was there", flush=True)
        return written


def main(bundle: str, manifest: str, chunk: str, release: str) -> None:
    """Score, wait, write."""
    settings, batch = Settings(os.environ), BatchSettings.read(os.environ)
    store = LateStore.connect()
    store.release = Path(release)
    ports = store, SqsQueue.connect(batch.queue), DynamoLedger.connect(batch.ledger)
    Scorer(Handler.load(bundle, settings), *ports, batch.results).score(Task(manifest, int(chunk)))


if __name__ == "__main__":
    main(*sys.argv[1:])
