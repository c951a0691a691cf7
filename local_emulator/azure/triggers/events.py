"""Event Grid: events about blobs, their delivery to functions, and its retries.

https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from local_emulator.azure.bindings.execution import Occasion
from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.storage.blobs import Blob
    from local_emulator.azure.storage.queues import StorageQueue

TakeEvent = Callable[[Mapping[str, Any]], str | None]
"""Takes an event for a function; gives the message of its failure, or None."""

_log = logging.getLogger(__name__)
BLOB_CREATED = "Microsoft.Storage.BlobCreated"
RETRIES_S = (10.0, 30.0, 60.0, 300.0, 600.0)  # Event Grid's first ones; it goes on for a day
_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulator"
    "/providers/Microsoft.Storage/storageAccounts/devstoreaccount1"
)
_SUBJECT = "/blobServices/default/containers/"
_THREADS = 16


@dataclass(frozen=True, slots=True)
class EventSubscription:
    """Sends the events of a container's blobs to a function with an Event Grid trigger, or else to a queue."""

    function: str
    container: str
    begins_with: str = ""
    ends_with: str = ""
    queue: str = ""

    @classmethod
    def to_queue(cls, queue: str, container: str, begins_with: str = "", ends_with: str = "") -> Self:
        """Subscribe a queue of the app's storage account."""
        return cls("", container, begins_with, ends_with, queue)

    def wants(self, blob: Blob) -> bool:
        """Tell whether a blob passes the filter on its name."""
        return blob.name.startswith(self.begins_with) and blob.name.endswith(self.ends_with)


def blob_created(blob: Blob) -> dict[str, Any]:
    """Give the event that Event Grid sends after a blob was written."""
    return {
        "topic": _TOPIC,
        "subject": f"{_SUBJECT}{blob.container}/blobs/{blob.name}",
        "eventType": BLOB_CREATED,
        "id": str(uuid.uuid4()),
        "data": {
            "api": "PutBlob",
            "clientRequestId": str(uuid.uuid4()),
            "requestId": str(uuid.uuid4()),
            "eTag": blob.etag,
            "contentType": blob.content_type,
            "contentLength": blob.size,
            "blobType": blob.kind,
            "url": blob.url,
            "sequencer": f"{int(blob.modified.timestamp() * 1e6):048x}",
            "storageDiagnostics": {"batchId": str(uuid.uuid4())},
        },
        "dataVersion": "",
        "metadataVersion": "1",
        "eventTime": blob.modified.isoformat().replace("+00:00", "Z"),
    }


def blob_of(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give container and name of the blob that an event is about, or None for another kind."""
    kind, subject = event.get("eventType") or event.get("type"), str(event.get("subject", ""))
    if kind != BLOB_CREATED or not subject.startswith(_SUBJECT):
        return None
    container, _, name = subject.removeprefix(_SUBJECT).partition("/blobs/")
    return container, name


def run_with_event(function: Function, event: Mapping[str, Any], execution: Execution) -> str | None:
    """Run an Event Grid function; give the message of its failure, or None."""
    text = json.dumps(event)
    outcome = execution.run(function, Occasion(Value("json", text), body=text))
    return outcome.failure.message if outcome.failure else None


class EventDelivery:
    """Delivers events in the background, again and again at Event Grid's intervals while a function fails."""

    def __init__(self, execution: Execution, retries_s: Sequence[float] = RETRIES_S) -> None:
        self._execution = execution
        self._retries_s = retries_s
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="azure-events")

    def to(self, function: Function, subscription: EventSubscription) -> Callable[[Blob], None]:
        """Give what is to be called with every blob that is noticed in the subscription's container."""

        def notice(blob: Blob) -> None:
            if subscription.wants(blob):
                self._pool.submit(self._deliver, function, blob_created(blob))

        return notice

    def to_queue(self, queue: StorageQueue, subscription: EventSubscription) -> Callable[[Blob], None]:
        """Give what puts the events into a queue: one a message, in base64, as Event Grid does."""

        def notice(blob: Blob) -> None:
            if subscription.wants(blob):
                queue.send(base64.b64encode(json.dumps(blob_created(blob)).encode()).decode())

        return notice

    def start(self) -> None:
        """Nothing to begin: there are events when blobs are noticed."""

    def stop(self) -> None:
        """Try no further deliveries; never waits."""
        self._stopping.set()

    def drain(self, seconds: float) -> None:
        """Wait for nothing: an event that is under way would come again on Azure."""

    def close(self) -> None:
        """Wait for what runs, and leave no thread."""
        self.stop()
        self._pool.shutdown()

    def _deliver(self, function: Function, event: Mapping[str, Any]) -> None:
        pauses = (0.0, *self._retries_s)
        for pause in pauses:
            if self._stopping.wait(pause):
                return
            if run_with_event(function, event, self._execution) is None:
                return
        _log.error("an event of %s was given up on after %d deliveries", event["subject"], len(pauses))
