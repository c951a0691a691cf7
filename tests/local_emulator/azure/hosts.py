"""Hosts for tests, apps for them, and waits."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local_emulator.azure.emulators import running
from local_emulator.azure.settings import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.storage.queue import QueueMessage

    from local_emulator.azure.emulator import AzureEmulator
    from local_emulator.azure.workers.contracts import LogLine

T = TypeVar("T")
APP = Path(__file__).parent / "app"
STREAMING_APP = Path(__file__).parent / "streaming_app"
QUICK = Pace(queue_poll=0.2, blob_poll=0.2, event_retries=(0.1, 0.1), drain=1.0)
PATIENCE_S = 60.0


def until(look: Callable[[], T | None], what: str) -> T:
    """Wait until `look` gives something."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {PATIENCE_S:g} s")


@dataclass
class Host:
    """An emulator that is up, with clients of its storage."""

    emulator: AzureEmulator
    log: list[LogLine]
    blobs: BlobServiceClient = field(init=False)
    queues: QueueServiceClient = field(init=False)

    def __post_init__(self) -> None:
        self.blobs = BlobServiceClient.from_connection_string(self.emulator.connection_string)
        self.queues = QueueServiceClient.from_connection_string(self.emulator.connection_string)

    @property
    def url(self) -> str:
        return self.emulator.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def put(self, path: str, data: bytes) -> None:
        container, _, name = path.partition("/")
        with contextlib.suppress(ResourceExistsError):
            self.blobs.create_container(container)
        self.blobs.get_blob_client(container, name).upload_blob(data, overwrite=True)

    def get(self, path: str) -> bytes | None:
        container, _, name = path.partition("/")
        try:
            return self.blobs.get_blob_client(container, name).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def wait_for(self, path: str) -> bytes:
        return until(lambda: self.get(path), path)

    def names(self, container: str) -> list[str]:
        try:
            return [blob.name for blob in self.blobs.get_container_client(container).list_blobs()]
        except ResourceNotFoundError:
            return []

    def send(self, queue: str, text: str) -> None:
        client = self.queues.get_queue_client(queue)
        with contextlib.suppress(ResourceExistsError):
            client.create_queue()
        client.send_message(text)

    def receive(self, queue: str) -> QueueMessage | None:
        try:
            return self.queues.get_queue_client(queue).receive_message()
        except ResourceNotFoundError:
            return None

    def wait_for_message(self, queue: str) -> QueueMessage:
        return until(lambda: self.receive(queue), f"a message in {queue}")

    def length(self, queue: str) -> int:
        """How many messages there are, leased ones included."""
        found = self.queues.get_queue_client(queue).get_queue_properties().approximate_message_count
        return int(found or 0)

    def close(self) -> None:
        self.blobs.close()
        self.queues.close()


@contextlib.contextmanager
def host_of(path: Path, settings: dict[str, str] | None = None, **options: Any) -> Iterator[Host]:
    """Run an app with everything quick."""
    log: list[LogLine] = []
    options.setdefault("pace", QUICK)
    with running(path, settings, log=log.append, **options) as emulator:
        host = Host(emulator, log)
        try:
            yield host
        finally:
            host.close()


def write_app(folder: Path, code: str, host: dict[str, Any] | None = None) -> Path:
    """Write an app; `code` comes after the import of azure.functions and the making of `app`."""
    folder.mkdir(exist_ok=True)
    head = "import azure.functions as func\napp = func.FunctionApp(func.AuthLevel.ANONYMOUS)\n"
    (folder / "function_app.py").write_text(head + code)
    (folder / "host.json").write_text(json.dumps({"version": "2.0", **(host or {})}))
    return folder
