"""One suite over every ledger; DynamoDB's table is the one that serverless.yml makes."""

from __future__ import annotations

import random
import threading
import uuid
from pathlib import Path

import boto3
import pytest
import yaml

from adapters.azure_storage import TableLedger
from adapters.dynamodb import CHUNKS_AN_ITEM, DynamoLedger
from onehandler.batch.memory import MemoryLedger
from onehandler.batch.ports import Counts, Job, Ledger, Note, Progress, Status

TEMPLATE = Path(__file__).parents[2] / "iac" / "aws" / "batch.yml"
KEYS = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
JOB = Job("j1", "rows.csv/j1/", 3, 1000.5)


@pytest.fixture(params=["memory", "dynamodb", "azure"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    if request.param == "azure":
        account = request.getfixturevalue("account")
        account.tables.create_table(name := f"jobs{uuid.uuid4().hex}")
        return TableLedger.connect(account, name)
    request.getfixturevalue("aws")
    table = yaml.safe_load(TEMPLATE.read_text())["Resources"]["Jobs"]["Properties"]
    client, name = boto3.client("dynamodb"), f"jobs-{uuid.uuid4().hex}"
    client.create_table(TableName=name, **{key: table[key] for key in KEYS})
    return DynamoLedger(client, name)


def test_a_chunk_counts_once(ledger: Ledger) -> None:
    assert not ledger.complete("job", 0, 3, Counts(10, 1))
    assert not ledger.complete("job", 2, 3, Counts(5, 0))
    assert not ledger.complete("job", 0, 3, Counts(10, 1))
    assert ledger.progress("job") == Progress(2, 15, 1)
    assert ledger.missing("job", 3) == [1]
    assert ledger.complete("job", 1, 3, Counts(1, 1))
    assert ledger.complete("job", 1, 3, Counts(1, 1)), "told again: all are in"
    assert ledger.progress("job") == Progress(3, 16, 2)
    assert ledger.missing("job", 3) == []
    assert ledger.progress("other") == Progress(0, 0, 0)


@pytest.mark.parametrize("chunks", [CHUNKS_AN_ITEM, CHUNKS_AN_ITEM + 1])
def test_jobs_of_many_chunks_are_complete_with_the_last(ledger: Ledger, chunks: int) -> None:
    order = list(range(chunks))
    random.Random(1).shuffle(order)
    last = order.pop()
    assert not any(ledger.complete("big", chunk, chunks, Counts(2, 1)) for chunk in order)
    assert ledger.missing("big", chunks) == [last]
    assert ledger.complete("big", last, chunks, Counts(2, 1))
    assert ledger.progress("big") == Progress(chunks, 2 * chunks, chunks)


def test_a_death_between_the_items_is_made_up_for(ledger: Ledger) -> None:
    """The last chunk's item is full, but its number never came into the job's: telling the chunk again does both."""
    if isinstance(ledger, DynamoLedger):
        ledger._add("job", 0, 0, Counts(1, 0))
    elif isinstance(ledger, TableLedger):
        ledger._insert("job.00000000", "00000000", {"rows": 1, "failed": 0, "milliseconds": 0})
    else:
        ledger.complete("job", 0, 1, Counts(1, 0))
    assert ledger.complete("job", 0, 1, Counts(1, 0))


def test_a_job_is_entered_once(ledger: Ledger) -> None:
    assert ledger.status("j1") is None
    assert ledger.job("j1") is None
    assert ledger.enter(JOB) is Status.OPEN
    assert ledger.job("j1") == JOB
    assert list(ledger.unfinished()) == [JOB]
    assert ledger.move("j1", (Status.OPEN,), Status.CANCELLED) is Status.CANCELLED
    assert ledger.enter(JOB) is Status.CANCELLED
    assert list(ledger.unfinished()) == []


def test_closing_and_cancelling_exclude_each_other(ledger: Ledger) -> None:
    ledger.enter(JOB)
    assert ledger.move("j1", (Status.OPEN,), Status.CLOSING) is Status.CLOSING
    assert ledger.move("j1", (Status.OPEN,), Status.CANCELLED) is Status.CLOSING
    assert list(ledger.unfinished()) == [JOB]
    assert ledger.move("j1", (Status.CLOSING,), Status.DONE) is Status.DONE
    assert ledger.move("j1", (Status.OPEN,), Status.CLOSING) is Status.DONE
    assert list(ledger.unfinished()) == []


def test_what_was_never_entered_does_not_move(ledger: Ledger) -> None:
    assert ledger.move("nobody", (Status.OPEN,), Status.CLOSING) is None
    assert ledger.status("nobody") is None


def test_of_many_workers_at_once_at_least_one_is_told_that_it_was_the_last(ledger: Ledger) -> None:
    told: list[bool] = []
    workers = [
        threading.Thread(
            target=lambda chunk=chunk: told.append(ledger.complete("race", chunk, 16, Counts(1, 0)))
        )
        for chunk in range(16)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert any(told)
    assert ledger.progress("race") == Progress(16, 16, 0)


def test_a_note_takes_the_place_of_the_last_one(ledger: Ledger) -> None:
    assert ledger.noted(JOB.job) is None
    ledger.enter(JOB)
    assert ledger.noted(JOB.job) is None
    for note in (Note(3, 1000.25), Note(3, 1000.25, 2)):
        ledger.note(JOB.job, note)
        assert ledger.noted(JOB.job) == note
    assert ledger.status(JOB.job) is Status.OPEN


def test_times_are_summed(ledger: Ledger) -> None:
    for chunk in range(3):
        ledger.complete("job", chunk, 5, Counts(10, 1, 250))
    assert ledger.progress("job") == Progress(3, 30, 3, 750)
