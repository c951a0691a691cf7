"""The deployed archive in the emulator, its workers among faults."""

from __future__ import annotations

import json
import logging
import shutil
import urllib.request
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.azure_storage import Account, BlobStore, StorageQueue, TableLedger
from benchmarks.faulting.tokens import Fault
from examples.demo_azure import SETTINGS, make_storage
from layers.azure import package_azure
from local_emulator.azure.emulators import running
from local_emulator.azure.settings import Pace
from local_emulator.azure.triggers.events import EventSubscription
from local_emulator.azure.workers.environments import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faulting.tokens import Tokens
    from local_emulator.azure.emulator import AzureEmulator

_INSIDE = Path(__file__).parent / "inside"
_LEASE_S = 8
_SETTINGS = {
    **SETTINGS,
    "ONEHANDLER_BATCH_STALLED_S": "15",
    "FUNCTIONS_WORKER_PROCESS_COUNT": "2",
}
_SCORING = ("get manifest", "get status", "head part", "get source", "put part", "enter chunk")
_ENDING = ("enter group", "put marker", "move job", "leave open", "query")
_PLANNING = ("put manifest", "name open", "put job", "send")
_WITH_QUOTES = ("put count", "put inside", "put block", "commit")
_BOTH = ("before", "after")


def planned(kills: int) -> Iterator[tuple[Fault, int]]:
    """Every fault, with how often it is to happen: so many kills in all, the others at least once."""
    single = (*_ENDING, *_PLANNING, *_WITH_QUOTES)
    many = max(1, (kills - 2 * len(single)) // (2 * len(_SCORING)))
    for when in _BOTH:
        yield from ((Fault("app", when, step, "kill"), 1) for step in single)
        yield from ((Fault("app", when, step, "kill"), many) for step in _SCORING)
    for step in ("put part", "enter chunk", "put marker", "put job", "send", "commit"):
        yield Fault("app", "after", step, "lost"), 1 if step == "commit" else 2
    for step in ("get source", "put part", "enter chunk", "put marker"):
        yield Fault("app", "before", step, "503"), 2


@dataclass(frozen=True, slots=True)
class Stage:
    """A deployment, and how to reach what it keeps."""

    emulator: AzureEmulator
    account: Account

    @property
    def store(self) -> BlobStore:
        """Its blobs."""
        return BlobStore.connect(self.account)

    @property
    def ledger(self) -> TableLedger:
        """Its jobs."""
        return TableLedger.connect(self.account, "jobs")

    @property
    def chunks(self) -> StorageQueue:
        """Its chunks to be scored."""
        return StorageQueue.connect(self.account, "chunks")

    def sweep(self) -> None:
        """What the timer does every five minutes."""
        request = urllib.request.Request(
            f"{self.emulator.url}/admin/functions/sweep",
            b'{"input": ""}',
            {"x-functions-key": self.emulator.keys.master, "content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()


@contextmanager
def staged(
    bundle: Path, folder: Path, tokens: Tokens, seed: int, chunk_mb: float, weak: str
) -> Iterator[Stage]:
    """Run the archive with these faults."""
    settings = {
        **_SETTINGS,
        "ONEHANDLER_BATCH_CHUNK_MB": str(chunk_mb),
        "PYTHONPATH": str(_INSIDE),
        "FAULTS_TOKENS": str(tokens.folder.resolve()),
        "FAULTS_DONE": str(tokens.done.resolve()),
        "FAULTS_SEED": str(seed),
        "FAULTS_SHARE": "0.5",
        "FAULTS_WEAK": weak,
    }
    pace = Pace(queue_poll=0.1, queue_lease=_LEASE_S, event_retries=(1.0,) * 60)
    # It would tell of every worker that was killed, and why each run failed.
    logging.getLogger("local_emulator").setLevel(logging.CRITICAL)
    subscriptions = [EventSubscription("plan", "drops")]
    with running(_impatient(bundle, folder), settings, pace=pace, subscriptions=subscriptions) as emulator:
        make_storage(emulator.connection_string)
        account = Account.of_connection_string(emulator.connection_string)
        account.queues.create_queue("chunks-poison")
        yield Stage(emulator, account)
        account.close()


def _impatient(bundle: Path, folder: Path) -> Path:
    """The archive unpacked, without the half minute before a message that failed is tried again."""
    app = folder / "app"
    shutil.rmtree(app, ignore_errors=True)
    with zipfile.ZipFile(package_azure(bundle, NEWEST, folder).archives[0]) as opened:
        opened.extractall(app)
    host = json.loads((app / "host.json").read_text())
    host["extensions"]["queues"]["visibilityTimeout"] = "00:00:00"
    (app / "host.json").write_text(json.dumps(host))
    return app
