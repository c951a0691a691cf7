"""DynamoDB as batch scoring's ledger.

One item a job (`part` -1) says where it stands; items 0, 1, … hold the sets of chunks that are done, a thousand chunks
each, so that no item grows with the job and an update costs at most 8 write units. A full item enters its number in
the job's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import ClientError

from onehandler.batch.ports import Counts, Job, Note, Progress, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

CHUNKS_AN_ITEM = 1000
INDEX = "unfinished"
_JOB = -1  # `part` of the item that stands for the job
_COUNTS = ("rows", "failed", "milliseconds")  # Counts, in the order of its fields
_KEPT_DAYS = 90  # after planning; the results in S3 stay


class DynamoLedger:
    """Implements onehandler.batch.ports.Ledger. The table's key is job (S) and part (N); INDEX is by `open` (S)."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def connect(cls, table: str) -> Self:
        """With a client of its own, as boto3 finds its settings."""
        return cls(boto3.client("dynamodb"), table)

    def enter(self, job: Job) -> Status:
        """Put the job's item unless it is there."""
        item: dict[str, Any] = {
            **_key(job.job, _JOB),
            "status": {"S": Status.OPEN.value},
            "open": {"S": Status.OPEN.value},
            "prefix": {"S": job.prefix},
            "chunks": {"N": str(job.chunks)},
            "planned": {"N": repr(job.planned)},
            "expires": {"N": str(int(job.planned) + _KEPT_DAYS * 86400)},
        }
        try:
            self._client.put_item(
                TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(job)"
            )
        except ClientError as error:
            _only_if_refused(error)
            return self.status(job.job) or Status.OPEN
        return Status.OPEN

    def status(self, job: str) -> Status | None:
        """A consistent read of the job's item."""
        item = self._item(job, _JOB)
        return Status(item["status"]["S"]) if "status" in item else None

    def job(self, job: str) -> Job | None:
        """From the job's item."""
        item = self._item(job, _JOB)
        return _job(item) if "prefix" in item else None

    def move(self, job: str, allowed: Sequence[Status], target: Status) -> Status | None:
        """A conditional update; a job that is over leaves the index."""
        over = target in (Status.DONE, Status.CANCELLED)
        named = {f":{status.value}": {"S": status.value} for status in allowed}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(job, _JOB),
                UpdateExpression="SET #status = :target" + (" REMOVE #open" if over else ""),
                ConditionExpression=f"#status IN ({', '.join(named)})",
                ExpressionAttributeNames={"#status": "status", **({"#open": "open"} if over else {})},
                ExpressionAttributeValues={":target": {"S": target.value}, **named},
            )
        except ClientError as error:
            _only_if_refused(error)
            return self.status(job)
        return target

    def complete(self, job: str, chunk: int, chunks: int, counts: Counts) -> bool:
        """Enter the chunk in its item and, if that is full, the item in the job's."""
        number = chunk // CHUNKS_AN_ITEM
        item = self._add(job, number, chunk, counts)
        if len(item["done"]["NS"]) < min(CHUNKS_AN_ITEM, chunks - number * CHUNKS_AN_ITEM):
            return False
        item = self._add(job, _JOB, number, _counts(item))
        return len(item["done"]["NS"]) == -(-chunks // CHUNKS_AN_ITEM)

    def progress(self, job: str) -> Progress:
        """All items of the job that hold chunks."""
        chunks = rows = failed = milliseconds = 0
        for item in self._parts(job):
            chunks += len(item["done"]["NS"])
            counts = _counts(item)
            rows, failed = rows + counts.rows, failed + counts.failed
            milliseconds += counts.milliseconds
        return Progress(chunks, rows, failed, milliseconds)

    def missing(self, job: str, chunks: int) -> list[int]:
        """What no item holds."""
        done = {int(chunk) for item in self._parts(job) for chunk in item["done"]["NS"]}
        return [chunk for chunk in range(chunks) if chunk not in done]

    def unfinished(self) -> Iterator[Job]:
        """Jobs in the index; one that ended a moment ago may still be among them."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="#open = :open",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": {"S": Status.OPEN.value}},
        )
        for page in pages:
            yield from map(_job, page["Items"])

    def note(self, job: str, note: Note) -> None:
        """In the job's item."""
        named = {":done": str(note.done), ":since": repr(note.since), ":resent": str(note.resent)}
        self._client.update_item(
            TableName=self._table,
            Key=_key(job, _JOB),
            UpdateExpression="SET seen_done = :done, seen_since = :since, resent = :resent",
            ExpressionAttributeValues={name: {"N": value} for name, value in named.items()},
        )

    def noted(self, job: str) -> Note | None:
        """From there."""
        item = self._item(job, _JOB)
        if "seen_done" not in item:
            return None
        done, since, resent = (item[name]["N"] for name in ("seen_done", "seen_since", "resent"))
        return Note(int(done), float(since), int(resent))

    def _add(self, job: str, part: int, number: int, counts: Counts) -> Mapping[str, Any]:
        """Add a number and its counts to an item unless it is in; either way, the item with it."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(job, part),
                UpdateExpression="ADD #done :numbers, #rows :rows, #failed :failed, #milliseconds :milliseconds",
                ConditionExpression="attribute_not_exists(#done) OR NOT contains(#done, :number)",
                ExpressionAttributeNames={f"#{name}": name for name in ("done", *_COUNTS)},
                ExpressionAttributeValues={
                    ":numbers": {"NS": [str(number)]},
                    ":number": {"N": str(number)},
                    **{f":{name}": {"N": str(getattr(counts, name))} for name in _COUNTS},
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            _only_if_refused(error)
            return self._item(job, part)
        return answer["Attributes"]

    def _item(self, job: str, part: int) -> Mapping[str, Any]:
        answer = self._client.get_item(TableName=self._table, Key=_key(job, part), ConsistentRead=True)
        return answer.get("Item", {})

    def _parts(self, job: str) -> Iterator[Any]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#job = :job AND #part >= :first",
            ExpressionAttributeNames={"#job": "job", "#part": "part"},
            ExpressionAttributeValues={":job": {"S": job}, ":first": {"N": "0"}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]


def _key(job: str, part: int) -> dict[str, Any]:
    return {"job": {"S": job}, "part": {"N": str(part)}}


def _job(item: Mapping[str, Any]) -> Job:
    return Job(item["job"]["S"], item["prefix"]["S"], int(item["chunks"]["N"]), float(item["planned"]["N"]))


def _counts(item: Mapping[str, Any]) -> Counts:
    return Counts(*(int(item[name]["N"]) for name in _COUNTS))


def _only_if_refused(error: ClientError) -> None:
    """Raise again whatever isn't the condition saying no."""
    if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
        raise error
