"""Events and messages to batch steps, over Azurite, through the functions that the host calls."""

from __future__ import annotations

import json
import uuid
from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import azure.functions as func
import pytest

from adapters.azure_functions import function_app
from adapters.azure_functions.batch import drops_in
from adapters.azure_storage import Account, connect
from onehandler.batch.job import Drop
from onehandler.batch.ports import Location
from onehandler.errors import MalformedBody, SettingsError
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = "sepal length,sepal width,petal length,petal width\n" + "5.1,3.5,1.4,0.2\n" * 1999


class Deployed(NamedTuple):
    """One app's settings, and its functions by name."""

    environ: dict[str, str]
    functions: dict[str, Callable[..., None]]


@pytest.fixture
def deploy(storage: str, account: Account, tmp_path: Path) -> Callable[..., Deployed]:
    def made(drops: str) -> Deployed:
        name = uuid.uuid4().hex
        for container in (f"drops-{name}", f"results-{name}"):
            account.blobs.create_container(container)
        account.queues.create_queue(f"chunks-{name}")
        account.tables.create_table(f"jobs{name}")
        environ = {
            "ONEHANDLER_BUNDLE": bundles.build("iris", tmp_path),
            "ONEHANDLER_STORAGE": storage,
            "ONEHANDLER_DROPS": drops,
            "ONEHANDLER_BATCH_DROPS": f"drops-{name}",
            "ONEHANDLER_BATCH_RESULTS": f"results-{name}",
            "ONEHANDLER_BATCH_QUEUE": f"chunks-{name}",
            "ONEHANDLER_BATCH_LEDGER": f"jobs{name}",
            "ONEHANDLER_BATCH_CHUNK_MB": "0.015625",
        }
        app = function_app(environ, "adapters.azure_storage")
        found = {each.get_function_name(): each.get_user_function() for each in app.get_functions()}
        return Deployed(environ, found)

    return made


def event(container: str, name: str, etag: str, size: int, **changes: object) -> dict[str, Any]:
    """As Event Grid tells of a blob."""
    return {
        "topic": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        "subject": f"/blobServices/default/containers/{container}/blobs/{name}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "eventTime": "2026-11-21T08:00:00Z",
        "data": {"api": "PutBlob", "eTag": etag, "contentLength": size, "blobType": "BlockBlob"},
        "dataVersion": "",
        "metadataVersion": "1",
        **changes,
    }


def plan(app: Deployed, drops: str, name: str, etag: str, size: int) -> None:
    container = app.environ["ONEHANDLER_BATCH_DROPS"]
    told = event(container, name, etag, size)
    if drops == "queue":
        app.functions["plan"](func.QueueMessage(body=json.dumps(told).encode()))
    elif drops == "event-grid":
        app.functions["plan"](
            func.EventGridEvent(
                id=told["id"],
                data=told["data"],
                topic=told["topic"],
                subject=told["subject"],
                event_type=told["eventType"],
                event_time=datetime.now(UTC),
                data_version="",
            )
        )
    else:
        app.functions["plan"](Named(f"{container}/{name}"))


class Named:
    """What of a func.InputStream is looked at."""

    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize("drops", ["queue", "event-grid", "blob"])
def test_a_drop_becomes_one_result_a_row(
    deploy: Callable[..., Deployed], account: Account, drops: str
) -> None:
    app = deploy(drops)
    blobs = account.blobs.get_container_client(app.environ["ONEHANDLER_BATCH_DROPS"])
    made = blobs.upload_blob("a b/ü.csv", ROWS).get_blob_properties()
    for _ in range(2):  # twice: an event may come again
        plan(app, drops, "a b/ü.csv", made.etag.strip('"'), made.size)
    queue = account.queues.get_queue_client(app.environ["ONEHANDLER_BATCH_QUEUE"])
    bodies = [
        b64decode(message.content) for message in queue.receive_messages(messages_per_page=32)
    ]  # those of both plans
    assert len(bodies) == 4
    for body in bodies:
        app.functions["score"](func.QueueMessage(body=body))
    results = account.blobs.get_container_client(app.environ["ONEHANDLER_BATCH_RESULTS"])
    found = {blob.name.rpartition("/")[2]: results.download_blob(blob.name) for blob in results.list_blobs()}
    assert set(found) == {"manifest.json", "part-00000.csv", "part-00001.csv", "_SUCCESS"}
    assert json.loads(found["_SUCCESS"].readall())["rows"] == 1999
    lines = [found[f"part-0000{part}.csv"].readall().decode().splitlines()[1:] for part in (0, 1)]
    assert len(lines[0]) + len(lines[1]) == 1999
    _, _, ledger = connect(app.environ)
    assert list(ledger.unfinished()) == []


def test_the_sweeper_goes_on_with_what_was_lost(deploy: Callable[..., Deployed], account: Account) -> None:
    app = deploy("queue")
    blobs = account.blobs.get_container_client(app.environ["ONEHANDLER_BATCH_DROPS"])
    made = blobs.upload_blob("rows.csv", ROWS).get_blob_properties()
    plan(app, "queue", "rows.csv", made.etag.strip('"'), made.size)
    app.functions["sweep"](None)
    _, _, ledger = connect(app.environ)
    [job] = ledger.unfinished()
    assert ledger.noted(job.job) is not None


def test_a_blob_that_is_gone_again_is_left_alone(deploy: Callable[..., Deployed], account: Account) -> None:
    app = deploy("blob")
    plan(app, "blob", "gone.csv", "", 0)
    results = account.blobs.get_container_client(app.environ["ONEHANDLER_BATCH_RESULTS"])
    assert list(results.list_blobs()) == []


def test_events_become_drops() -> None:
    one = event("drops", "a b/ü.csv", '"0x8D"', 3)
    drop = Drop(Location("drops", "a b/ü.csv", etag="0x8D"), 3)
    assert list(drops_in(json.dumps(one).encode())) == [drop]
    assert list(drops_in(json.dumps([one, one]).encode())) == [drop, drop]
    cloud = {"type": one["eventType"], "subject": one["subject"], "data": one["data"], "specversion": "1.0"}
    assert list(drops_in(json.dumps(cloud).encode())) == [drop]
    deleted = event("drops", "a", "", 0, eventType="Microsoft.Storage.BlobDeleted")
    assert list(drops_in(json.dumps(deleted).encode())) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"3",
        b"{}",
        b'{"eventType": "Microsoft.Storage.BlobCreated"}',
        json.dumps(event("drops", "", "e", 3)).encode(),
        json.dumps(event("drops", "a", "e", 3, subject="/elsewhere")).encode(),
        json.dumps(event("drops", "a", "e", 3, data={"eTag": "e", "contentLength": "many"})).encode(),
    ],
)
def test_other_messages_are_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        list(drops_in(body))


def test_functions_and_their_triggers(deploy: Callable[..., Deployed]) -> None:
    environ = deploy("blob").environ
    app = function_app(environ, "adapters.azure_storage")
    triggers = {each.get_function_name(): each.get_trigger().get_dict_repr() for each in app.get_functions()}
    assert {name: trigger["type"] for name, trigger in triggers.items()} == {
        "http": "httpTrigger",
        "plan": "blobTrigger",
        "score": "queueTrigger",
        "sweep": "timerTrigger",
    }
    assert str(triggers["plan"]["dataType"]).endswith("BINARY"), "else the host decodes it as text"
    assert str(triggers["http"]["authLevel"]).endswith("FUNCTION"), "keys unless told otherwise"
    del environ["ONEHANDLER_BATCH_RESULTS"]
    names = [each.get_function_name() for each in function_app(environ, "").get_functions()]
    assert names == ["http"], "an app for predictions alone"


@pytest.mark.parametrize("name", ["ONEHANDLER_AUTH_LEVEL", "ONEHANDLER_CARRIER", "ONEHANDLER_DROPS"])
def test_settings_that_make_no_sense_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        function_app({name: "other"}, "")


def test_batch_without_its_settings_is_refused() -> None:
    with pytest.raises(SettingsError, match="ONEHANDLER_BATCH_QUEUE"):
        function_app({"ONEHANDLER_BATCH_RESULTS": "results"}, "")
