"""Storage events and queue messages → batch steps.

What fails is raised: the host hands the message over again, and in the end to the queue's poison queue.
"""

from __future__ import annotations

import json
import logging
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from onehandler.batch.job import Drop, Task
from onehandler.batch.plan import Planner
from onehandler.batch.ports import Ledger, Location, ObjectStore, Queue
from onehandler.batch.score import Scorer
from onehandler.batch.settings import BatchSettings
from onehandler.batch.sweep import Sweeper
from onehandler.errors import MalformedBody
from onehandler.message import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onehandler.batch.score import Chunk
    from onehandler.handler import Handler
    from onehandler.protocols import Served

_CREATED = "Microsoft.Storage.BlobCreated"
_log = logging.getLogger("onehandler.batch")


class Blobs(ObjectStore, Protocol):
    """An object store that also tells the state that a blob is in now."""

    def state(self, container: str, name: str) -> tuple[Location, int] | None:
        """Where it is, with its ETag, and its bytes; None where there is none."""
        ...


Ports: TypeAlias = tuple[Blobs, Queue, Ledger]


class Steps:
    """Batch scoring's steps; `served` and `connect` are called when the first event comes that needs them."""

    def __init__(
        self,
        served: Callable[[], Served],
        environ: Mapping[str, str],
        connect: Callable[[], Ports],
        clock: Callable[[], float],
    ) -> None:
        self._served: Final = served
        self._settings: Final = BatchSettings.read(environ)
        self._connect: Final = connect
        self._clock: Final = clock
        self._lock: Final = Lock()
        self._connected: Ports | None = None

    def plan_event(self, body: bytes) -> None:
        """Plan what an Event Grid event (or several) tells of."""
        for drop in drops_in(body):
            self._plan(drop)

    def plan_blob(self, path: str) -> None:
        """Plan a blob by its container and name; one that is gone again is left alone."""
        container, _, name = path.partition("/")
        found = self._ports()[0].state(container, name)
        if found is not None:
            self._plan(Drop(*found))

    def score(self, body: bytes) -> None:
        """Score one chunk."""
        scorer = Scorer(self._handler(), *self._ports(), self._settings.results)
        _tell(scorer.score(Task.from_json(body.decode("utf-8", "replace"))))

    def sweep(self) -> None:
        """Look after all jobs. What could not be mended is logged as an error."""
        sweeper = Sweeper(*self._ports(), self._settings.results, self._clock, self._settings.stalled)
        for mended in sweeper.sweep():
            told = {"job": mended.job, "chunks": mended.chunks}
            if mended.how == "given up":
                _log.error("job makes no progress; see the poison queue, then redrive: %s", json.dumps(told))
            else:
                _log.warning("job %s: %s", mended.how, json.dumps(told))

    def _plan(self, drop: Drop) -> None:
        planner = Planner(
            self._handler().bundle,
            *self._ports(),
            self._settings.results,
            self._clock,
            self._settings.chunk_bytes,
        )
        prefix = planner.plan(drop)
        _log.info("planned %s", json.dumps({"source": drop.source.key, "bytes": drop.size, "prefix": prefix}))

    def _handler(self) -> Handler:
        """The one that requests without a model's name get."""
        return self._served().choose(Request("GET", "/", {}, b""), {})

    def _ports(self) -> Ports:
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected


def drops_in(body: bytes) -> Iterator[Drop]:
    """The created blobs that an event tells of, or a list of events, in Event Grid's own schema or as CloudEvents."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise MalformedBody(f"is not JSON: {error}") from None
    for event in found if isinstance(found, list) else [found]:
        try:
            drop = _drop(event)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MalformedBody(f"is not a storage event: {type(error).__name__} {error}") from None
        if drop is not None:
            yield drop


def _drop(event: Any) -> Drop | None:
    """What one event tells of; None for anything but a blob that was created."""
    kind = event["eventType"] if "eventType" in event else event["type"]
    if kind != _CREATED:
        return None
    data = event["data"]
    # The subject names container and blob without the account, wherever that stands in the URL.
    container, slash, name = event["subject"].partition("/containers/")[2].partition("/blobs/")
    if not slash or not name:
        raise ValueError(f"subject {event['subject']!r:.200}")
    return Drop(Location(container, name, etag=data["eTag"].strip('"')), int(data["contentLength"]))


def _tell(chunk: Chunk) -> None:
    told = {"job": chunk.manifest.job, "chunk": chunk.number, "of": chunk.manifest.chunks}
    counts = {"rows": chunk.counts.rows, "failed": chunk.counts.failed}
    _log.info("%s %s", chunk.outcome, json.dumps({**told, **counts}))
