"""The blob trigger.

As on Azure, what notices a blob (a listing of the container, or an event) only writes a message into the host's own
queue; the message leads to the run, is retried like any other, and ends in webjobs-blobtrigger-poison. A receipt for
each function, blob and ETag keeps what was processed from being processed again when the listing finds it later.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.azure.bindings.execution import Occasion
from local_emulator.azure.bindings.inputs import blob_value
from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.storage.blobs import Blob, Blobs
    from local_emulator.azure.storage.queues import Message, StorageQueue
    from local_emulator.azure.triggers.nudges import Nudges

QUEUE = "azure-webjobs-blobtrigger-emulator"
POISON = "webjobs-blobtrigger-poison"
_RECEIPTS = "azure-webjobs-hosts"
_NAME = re.compile(r"\{([^{}]+)\}")


class BlobPath:
    """A trigger's path: "container/{name}.csv"."""

    def __init__(self, text: str) -> None:
        self.container, _, name = text.partition("/")
        pieces = _NAME.split(name)
        # Pieces alternate: literal text, name, literal text, …
        pattern = "".join(
            f"(?P<{piece}>.*)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)
        )
        self._pattern = re.compile(pattern if name else ".*", re.DOTALL)

    def match(self, name: str) -> Mapping[str, str] | None:
        """Give what the path's {names} stand for in a blob's name, or None when it does not match."""
        match = self._pattern.fullmatch(name)
        return None if match is None else match.groupdict()


@dataclass(frozen=True, slots=True)
class BlobFunction:
    """A function with a blob trigger, and where its blobs are. Events are not checked against receipts."""

    function: Function
    path: BlobPath
    blobs: Blobs
    by_event: bool

    @property
    def id(self) -> str:
        """The name that the host's own records use."""
        return f"Host.Functions.{self.function.name}"


class BlobTriggers:
    """Every blob-triggered function of an app, behind one queue. `receipts` are kept in the host's storage."""

    def __init__(
        self, queue: StorageQueue, poison: StorageQueue, receipts: Blobs, execution: Execution, nudges: Nudges
    ) -> None:
        self._queue = queue
        self._poison = poison
        self._receipts = receipts
        self._execution = execution
        self._nudges = nudges
        self._functions: dict[str, BlobFunction] = {}

    def add(self, function: BlobFunction) -> Callable[[Blob], None]:
        """Take a function in; give what is to be called with every blob that is noticed for it."""
        self._functions[function.id] = function

        def notice(blob: Blob) -> None:
            if function.path.match(blob.name) is not None:
                self._queue.send(_encoded(_notice(function, blob)))
                self._nudges.tell(self._queue.name)

        return notice

    def handle(self, message: Message) -> bool:
        """Run what a message stands for; True means that it may be deleted."""
        notice = json.loads(base64.b64decode(message.text))
        function = self._functions.get(notice["FunctionId"])
        if function is None:
            return True
        blob = function.blobs.find(notice["ContainerName"], notice["BlobName"])
        if blob is None or blob.etag != notice["ETag"]:  # gone; or changed, of which there is another notice
            return True
        receipt = f"blobreceipts/emulator/{function.id}/{blob.etag}/{blob.path}"
        if not function.by_event and self._receipts.find(_RECEIPTS, receipt):
            return True
        if not self._run(function, blob):
            return False
        if not function.by_event:
            self._receipts.write(_RECEIPTS, receipt, b"")
        return True

    def bury(self, message: Message) -> None:
        """Put away what failed too often."""
        self._poison.send(message.text)

    def _run(self, function: BlobFunction, blob: Blob) -> bool:
        content = function.blobs.read(blob.container, blob.name)
        if content is None:
            return True
        value = blob_value(content, binary=function.function.trigger.binary)
        outcome = self._execution.run(
            function.function, _occasion(value, blob, function.path.match(blob.name) or {})
        )
        return outcome.failure is None


def _occasion(value: Value, blob: Blob, names: Mapping[str, str]) -> Occasion:
    properties = {
        "ContentLength": blob.size,
        "ContentType": blob.content_type,
        "ETag": blob.etag,
        "LastModified": blob.modified.isoformat(),
    }
    metadata = {
        "BlobTrigger": Value("string", blob.path),
        "Uri": Value("json", json.dumps(blob.url)),
        "Properties": Value("json", json.dumps(properties)),
        "Metadata": Value("json", json.dumps(dict(blob.metadata))),
        **{name: Value("string", text) for name, text in names.items()},
    }
    data = {
        "BlobTrigger": blob.path,
        "Uri": blob.url,
        "Properties": properties,
        "Metadata": dict(blob.metadata),
    }
    return Occasion(value, metadata, {**data, **names})


def _notice(function: BlobFunction, blob: Blob) -> Mapping[str, str]:
    return {
        "Type": "BlobTrigger",
        "FunctionId": function.id,
        "BlobType": blob.kind,
        "ContainerName": blob.container,
        "BlobName": blob.name,
        "ETag": blob.etag,
    }


def _encoded(notice: Mapping[str, str]) -> str:
    return base64.b64encode(json.dumps(notice).encode()).decode()
