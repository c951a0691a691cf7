"""A storage table as batch scoring's ledger.

A partition a job holds its row; one more the numbers of its groups of chunks that are full, and a partition
a group holds a row a chunk. A row is inserted only if it isn't there: workers never wait for each other, and a set that
was added to last is complete for whoever asks afterwards. Rows of one more partition name the jobs under way.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from onehandler.batch.ports import Counts, Job, Note, Progress, Status
from onehandler.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure.data.tables import TableClient

    from adapters.azure_storage.account import Account

CHUNKS_A_GROUP = 100  # whether all of a group are in is one request
_JOB = "job"  # row key
_OPEN = "open"  # partition key of the jobs under way; a job's own is never so short
_COUNTS = ("rows", "failed", "milliseconds")  # Counts, in the order of its fields
_OVER = (Status.DONE, Status.CANCELLED)
_ATTEMPTS = 20  # of a conditional write; each that fails means that another's went through


class TableLedger:
    """Implements onehandler.batch.ports.Ledger."""

    def __init__(self, client: TableClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, account: Account, name: str) -> Self:
        """One table of the account."""
        return cls(account.tables.get_table_client(name))

    def enter(self, job: Job) -> Status:
        """Name it among those under way, then insert its row: a death in between leaves a name that leads nowhere."""
        status = self.status(job.job)
        if status in _OVER:
            return status
        self._client.upsert_entity({"PartitionKey": _OPEN, "RowKey": job.job})
        self._insert(
            job.job,
            _JOB,
            {
                "status": Status.OPEN.value,
                "prefix": job.prefix,
                "chunks": job.chunks,
                "planned": float(job.planned),
            },
        )
        return self.status(job.job) or Status.OPEN

    def status(self, job: str) -> Status | None:
        """From the job's row."""
        row = self._row(job)
        return None if row is None else Status(row["status"])

    def job(self, job: str) -> Job | None:
        """From the job's row."""
        row = self._row(job)
        return None if row is None else Job(job, row["prefix"], row["chunks"], row["planned"])

    def move(self, job: str, allowed: Sequence[Status], target: Status) -> Status | None:
        """A write that the row's ETag must allow; then a job that is over leaves those under way."""
        found = self._changed(job, {"status": target.value}, allowed)
        if found in _OVER:
            self._client.delete_entity(_OPEN, job)  # no error if it has left
        return found

    def complete(self, job: str, chunk: int, chunks: int, counts: Counts) -> bool:
        """Insert the chunk in its group and, if that is full, the group in the job."""
        group = chunk // CHUNKS_A_GROUP
        partition = _group_key(job, group)
        self._insert(partition, _number(chunk), {name: getattr(counts, name) for name in _COUNTS})
        if self._size(partition) < min(CHUNKS_A_GROUP, chunks - group * CHUNKS_A_GROUP):
            return False
        partition = _groups_key(job)
        self._insert(partition, _number(group), {})
        return self._size(partition) == -(-chunks // CHUNKS_A_GROUP)

    def progress(self, job: str) -> Progress:
        """All rows of the job's groups."""
        chunks = rows = failed = milliseconds = 0
        for row in self._chunks(job, _COUNTS):
            counts = Counts(*(row[name] for name in _COUNTS))
            chunks += 1
            rows, failed = rows + counts.rows, failed + counts.failed
            milliseconds += counts.milliseconds
        return Progress(chunks, rows, failed, milliseconds)

    def missing(self, job: str, chunks: int) -> list[int]:
        """What no group holds."""
        done = {int(row["RowKey"]) for row in self._chunks(job, ("RowKey",))}
        return [chunk for chunk in range(chunks) if chunk not in done]

    def unfinished(self) -> Iterator[Job]:
        """Those named as under way, but for names that lead nowhere, or to a job that is over."""
        for row in self._query(_OPEN):
            name = row["RowKey"]
            if self.status(name) in _OVER:
                self._client.delete_entity(_OPEN, name)
                continue
            job = self.job(name)
            if job is not None:
                yield job

    def note(self, job: str, note: Note) -> None:
        """In the job's row."""
        seen = {"seen_done": note.done, "seen_since": float(note.since), "resent": note.resent}
        self._changed(job, seen, tuple(Status))

    def noted(self, job: str) -> Note | None:
        """From there."""
        row = self._row(job)
        if row is None or "seen_done" not in row:
            return None
        return Note(row["seen_done"], row["seen_since"], row["resent"])

    def _changed(self, job: str, changes: dict[str, Any], allowed: Sequence[Status]) -> Status | None:
        """Merge changes into the job's row while its status is one of these; the status that it has then."""
        for _ in range(_ATTEMPTS):
            row = self._row(job)
            status = None if row is None else Status(row["status"])
            if row is None or status not in allowed:
                return status
            try:
                self._client.update_entity(
                    {"PartitionKey": job, "RowKey": _JOB, **changes},
                    etag=row.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
            except ResourceModifiedError:
                continue
            return Status(changes.get("status", status))
        raise Unavailable("another writer kept this job busy; try again", where=job)

    def _insert(self, partition: str, row: str, values: dict[str, Any]) -> None:
        """Insert a row unless it is there."""
        with suppress(ResourceExistsError):
            self._client.create_entity({"PartitionKey": partition, "RowKey": row, **values})

    def _row(self, job: str) -> Any:
        try:
            return self._client.get_entity(job, _JOB)
        except ResourceNotFoundError:
            return None

    def _size(self, partition: str) -> int:
        return sum(1 for _ in self._query(partition))

    def _query(self, partition: str) -> Iterator[Any]:
        yield from self._client.query_entities(
            "PartitionKey eq @partition", parameters={"partition": partition}, select=["RowKey"]
        )

    def _chunks(self, job: str, columns: Sequence[str]) -> Iterator[Any]:
        first, after = _group_key(job, 0), f"{job}.:"  # ":" comes after the digits
        yield from self._client.query_entities(
            "PartitionKey ge @first and PartitionKey lt @after",
            parameters={"first": first, "after": after},
            select=list(columns),
        )


def _group_key(job: str, group: int) -> str:
    return f"{job}.{_number(group)}"


def _groups_key(job: str) -> str:
    return f"{job}-groups"


def _number(number: int) -> str:
    """So that keys in order are numbers in order."""
    return f"{number:08d}"
