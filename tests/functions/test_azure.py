"""The archive for Azure under Microsoft's own runtime: the same answers as everywhere, and files scored."""

from __future__ import annotations

import json
import time
import uuid
import zipfile
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from adapters.azure_storage import Account
from layers.azure import package_azure
from local_emulator.azure.emulators import running
from local_emulator.azure.settings import Pace
from local_emulator.azure.triggers.events import EventSubscription
from local_emulator.azure.workers.environments import NEWEST
from tests import bundles
from tests.conformance.carriers import Answer, direct
from tests.conformance.table import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local_emulator.azure.emulator import AzureEmulator
    from onehandler.handler import Handler

IRIS = [case for case in CASES if case.bundle == "iris"]
_ROWS = "sepal length,sepal width,petal length,petal width\n" + "5.1,3.5,1.4,0.2\n" * 1999
_SETTINGS = {
    "ONEHANDLER_AUTH_LEVEL": "anonymous",
    "AzureWebJobsDisableHomepage": "true",
    "ONEHANDLER_MAX_BODY_MB": "1",
    "ONEHANDLER_STORAGE": "UseDevelopmentStorage=true",
    "ONEHANDLER_BATCH_DROPS": "drops",
    "ONEHANDLER_BATCH_DROPS_QUEUE": "drops",
    "ONEHANDLER_BATCH_RESULTS": "results",
    "ONEHANDLER_BATCH_QUEUE": "chunks",
    "ONEHANDLER_BATCH_LEDGER": "jobs",
    "ONEHANDLER_BATCH_CHUNK_MB": "0.015625",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("azure")
    bundle = Path(bundles.build("iris", folder))
    return package_azure(bundle, NEWEST, folder / "out").archives[0]


@pytest.fixture(scope="module")
def streaming(archive: Path) -> Iterator[AzureEmulator]:
    """The archive as it is; Event Grid calls the app."""
    with deployed(archive, "streaming", "event-grid", [EventSubscription("plan", "drops")]) as found:
        yield found


@pytest.fixture(scope="module")
def plain(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureEmulator]:
    """Unpacked, and without the half minute before a message that failed is tried again; the host looks for blobs."""
    folder = tmp_path_factory.mktemp("wwwroot")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    host = json.loads((folder / "host.json").read_text())
    host["extensions"]["queues"]["visibilityTimeout"] = "00:00:00"
    (folder / "host.json").write_text(json.dumps(host))
    with deployed(folder, "plain", "blob") as found:
        yield found


@contextmanager
def deployed(
    path: Path, carrier: str, drops: str, subscriptions: Sequence[EventSubscription] = ()
) -> Iterator[AzureEmulator]:
    settings = {**_SETTINGS, "ONEHANDLER_CARRIER": carrier, "ONEHANDLER_DROPS": drops}
    with running(
        path, settings, pace=Pace(queue_poll=0.1, blob_poll=0.2), subscriptions=subscriptions
    ) as found:
        account = Account.of_connection_string(found.connection_string)
        for name in ("drops", "results"):
            account.blobs.create_container(name)
        for name in ("drops", "chunks"):
            account.queues.create_queue(name)
        account.tables.create_table("jobs")
        account.close()
        yield found


@pytest.fixture(params=["streaming", "plain"])
def app(request: pytest.FixtureRequest) -> AzureEmulator:
    found: AzureEmulator = request.getfixturevalue(request.param)
    return found


def asked(app: AzureEmulator, case: Case) -> Answer:
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    try:
        connection.request(case.method, quote(case.path), case.body or None, case.headers)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("case", IRIS, ids=[case.id for case in IRIS])
def test_the_same_answers(case: Case, app: AzureEmulator, handler_of: Callable[[str], Handler]) -> None:
    expected = direct(handler_of("iris"), case.request)
    found = asked(app, case)
    assert (found.status, found.body) == (expected.status, expected.body)
    for header, value in expected.headers.items():
        if header != "content-length":
            assert found.headers.get(header) == value, header


def until(check: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.1)


def test_a_dropped_file_becomes_one_result_a_row(app: AzureEmulator) -> None:
    service = BlobServiceClient.from_connection_string(app.connection_string)
    results, key = service.get_container_client("results"), f"{uuid.uuid4().hex}/a b ü.csv"
    service.get_container_client("drops").upload_blob(key, _ROWS)

    def names() -> list[str]:
        return sorted(blob.name.rpartition("/")[2] for blob in results.list_blobs(key))

    until(lambda: "_SUCCESS" in names(), "the marker")
    assert names() == ["_SUCCESS", "manifest.json", "part-00000.csv", "part-00001.csv"]
    [marker] = [blob.name for blob in results.list_blobs(key) if blob.name.endswith("_SUCCESS")]
    told = json.loads(results.download_blob(marker).readall())
    assert (told["rows"], told["failed"]) == (1999, 0)
    service.close()


def test_messages_that_always_fail_end_in_the_poison_queue(plain: AzureEmulator) -> None:
    service = QueueServiceClient.from_connection_string(plain.connection_string)
    before = _waiting(service)
    service.get_queue_client("chunks").send_message("bm8gbWVzc2FnZSBvZiBvdXJz")
    until(lambda: _waiting(service) == before + 1, "the poison message")
    service.close()


def _waiting(service: QueueServiceClient) -> int:
    names = [queue.name for queue in service.list_queues()]
    if "chunks-poison" not in names:
        return 0
    count: int = service.get_queue_client("chunks-poison").get_queue_properties().approximate_message_count
    return count
