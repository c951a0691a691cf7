"""Finish: a job whose parts are all there gets its marker, once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from onehandler.batch.joining import join
from onehandler.batch.ports import Location, Status

if TYPE_CHECKING:
    from onehandler.batch.job import Manifest
    from onehandler.batch.ports import Ledger, ObjectStore, Progress

SUCCESS = "_SUCCESS"


def finish(store: ObjectStore, ledger: Ledger, results: str, manifest: Manifest) -> bool:
    """Write the marker of a job whose chunks are all in the ledger; tell whether it has one now.

    The ledger decides between this and a cancellation: a job is CLOSING before its marker is written and DONE after,
    so that whoever comes upon a CLOSING one can finish it, and nobody can cancel it any more.
    """
    status = ledger.move(manifest.job, (Status.OPEN,), Status.CLOSING)
    if status is Status.CANCELLED:
        return False
    progress = ledger.progress(manifest.job)
    if manifest.single and status is not Status.DONE:
        join(store, results, manifest, progress.rows)
    body = summary(manifest, progress)
    store.create(Location(results, manifest.prefix + SUCCESS), body, "application/json")
    ledger.move(manifest.job, (Status.CLOSING,), Status.DONE)
    return True


def summary(manifest: Manifest, progress: Progress) -> bytes:
    """What the marker holds: the job in figures."""
    found = {
        "job": manifest.job,
        "source": {
            "bucket": manifest.source.bucket,
            "key": manifest.source.key,
            "version": manifest.source.version,
        },
        "bundle": {
            "name": manifest.bundle,
            "version": manifest.bundle_version,
            "digest": manifest.bundle_digest,
        },
        "parts": manifest.chunks,
        "rows": progress.rows,
        "predicted": progress.rows - progress.failed,
        "failed": progress.failed,
    }
    return json.dumps(found, indent=2).encode()
