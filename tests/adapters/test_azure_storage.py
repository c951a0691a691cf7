"""What is Azure Storage's own behind batch scoring's ports."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError

from adapters.azure_storage import Account, BlobStore, StorageQueue, TableLedger
from onehandler.batch.ports import Gone, Job, Location, Piece, Status
from onehandler.errors import SettingsError, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = Job("j1", "rows.csv/j1/", 3, 1000.5)


@pytest.fixture
def container(account: Account) -> str:
    name = f"container-{uuid.uuid4().hex}"
    account.blobs.create_container(name)
    return name


@pytest.fixture
def table(account: Account) -> Iterator[str]:
    name = f"jobs{uuid.uuid4().hex}"
    account.tables.create_table(name)
    yield name
    account.tables.delete_table(name)


def test_a_state_of_a_blob_is_read_or_gone(account: Account, container: str) -> None:
    store, blobs = BlobStore(account), account.blobs.get_container_client(container)
    blobs.upload_blob("a b/ü.csv", b"old", metadata={"onehandler": "{}"})
    found = store.state(container, "a b/ü.csv")
    assert found is not None
    where, size = found
    assert (size, store.read(where, 0, 9), store.metadata(where)) == (3, b"old", {"onehandler": "{}"})
    blobs.upload_blob("a b/ü.csv", b"new", overwrite=True)
    assert store.metadata(where) is None
    with pytest.raises(Gone):
        store.read(where, 0, 9)
    blobs.delete_blob("a b/ü.csv")
    assert store.state(container, "a b/ü.csv") is None


def test_an_empty_blob_has_no_bytes(account: Account, container: str) -> None:
    store, where = BlobStore(account), Location(container, "empty")
    store.create(where, b"", "text/plain")
    assert store.read(where, 0, 10) == b""


def test_no_container_is_no_blob_that_was_there(account: Account) -> None:
    with pytest.raises(ResourceNotFoundError):
        BlobStore(account).create(Location(f"none-{uuid.uuid4().hex}", "key"), b"", "text/plain")


def test_of_many_that_join_at_once_one_does(account: Account, container: str) -> None:
    """Each one's commit throws the blocks of the others away."""
    store, part, where = BlobStore(account), Location(container, "part"), Location(container, "joined")
    store.create(part, b"x" * 1000, "text/plain")
    told: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda: told.append(store.join(where, b"head", [Piece(part, 0, 1000)], "text/csv"))
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 5 + [True]
    assert store.read(where, 0, 2000) == b"head" + b"x" * 1000


def test_what_the_queue_would_refuse_is_refused_before_anything_is_sent(account: Account) -> None:
    name = f"queue-{uuid.uuid4().hex}"
    client = account.queues.create_queue(name)
    queue = StorageQueue.connect(account, name)
    queue.send(["x" * (48 * 1024)])
    with pytest.raises(TooLarge, match="65,536"):
        queue.send(["small", "x" * (48 * 1024 + 1)])
    assert client.get_queue_properties().approximate_message_count == 1


def test_a_death_while_entering_or_ending_leaves_no_job_under_way_that_is_none(
    account: Account, table: str
) -> None:
    ledger, client = TableLedger.connect(account, table), account.tables.get_table_client(table)
    client.create_entity({"PartitionKey": "open", "RowKey": "j1"})  # named, but not entered
    assert list(ledger.unfinished()) == []
    assert ledger.enter(JOB) is Status.OPEN
    assert list(ledger.unfinished()) == [JOB]
    ledger.move("j1", (Status.OPEN,), Status.DONE)
    client.create_entity({"PartitionKey": "open", "RowKey": "j1"})  # over, but still named
    assert list(ledger.unfinished()) == []
    with pytest.raises(ResourceNotFoundError):
        client.get_entity("open", "j1")


def test_of_many_that_move_a_job_one_decides(account: Account, table: str) -> None:
    ledger = TableLedger.connect(account, table)
    ledger.enter(JOB)
    told: list[Status | None] = []
    targets = [Status.CLOSING, Status.CANCELLED] * 4
    threads = [
        threading.Thread(target=lambda target=target: told.append(ledger.move("j1", (Status.OPEN,), target)))
        for target in targets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) == {ledger.status("j1")}


def test_settings_name_an_account_and_an_identity() -> None:
    found = Account.connect({"DATA__accountName": "rows", "DATA__clientId": "id"}, "DATA")
    assert found.blobs.url == "https://rows.blob.core.windows.net/"
    assert found.queues.url == "https://rows.queue.core.windows.net/"
    assert found.tables.url == "https://rows.table.core.windows.net"
    assert type(found.credential).__name__ == "ManagedIdentityCredential"
    uri = "https://rows.blob.example"
    assert Account.connect({"DATA__accountName": "rows", "DATA__blobServiceUri": uri}, "DATA").blobs.url == (
        f"{uri}/"
    )


@pytest.mark.parametrize("environ", [{}, {"DATA": "AccountName=x"}, {"DATA": "nonsense"}])
def test_settings_that_name_no_account_are_refused(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="DATA"):
        Account.connect(environ, "DATA")
