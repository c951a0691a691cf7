"""Blob triggers: by listing the container, and by Event Grid's webhook."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import requests

from tests.local_emulator.azure.hosts import until

if TYPE_CHECKING:
    from tests.local_emulator.azure.hosts import Host


def test_a_new_blob_runs_the_function_once(host: Host) -> None:
    host.put("uploads/folder/a.csv", b"\x00\xff")
    assert host.wait_for("copies/folder/a.txt") == b"2:\x00\xff"
    host.put("uploads/other.png", b"x")
    time.sleep(1.0)
    assert host.get("copies/other.txt") is None, "the path has to match"
    assert host.names("azure-webjobs-hosts"), "a receipt was left"


def test_a_changed_blob_runs_it_again(host: Host) -> None:
    host.put("uploads/b.csv", b"1")
    assert host.wait_for("copies/b.txt") == b"1:1"
    host.put("uploads/b.csv", b"22")
    assert until(lambda: True if host.get("copies/b.txt") == b"2:22" else None, "the second run")


def test_a_blob_that_always_fails_is_poison(host: Host) -> None:
    host.put("uploads/bad.csv", b"bad")
    message = host.wait_for_message("webjobs-blobtrigger-poison")
    notice = json.loads(_decoded(message.content))
    assert (notice["FunctionId"], notice["BlobName"]) == ("Host.Functions.on_upload", "bad.csv")


def test_a_blob_trigger_by_events_is_served_here_too(host: Host) -> None:
    host.put("events/one", b"x")
    assert host.wait_for("by-event/one") == b"events/one"


def test_the_blob_webhook_takes_event_grids_deliveries(host: Host) -> None:
    host.put("events/two", b"x")
    host.wait_for("by-event/two")
    host.put("by-event/two", b"")
    key = host.emulator.keys.of_extension("blobs")
    event = {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": "/blobServices/default/containers/events/blobs/two",
        "data": {},
    }
    answer = requests.post(
        f"{host.url}/runtime/webhooks/blobs",
        params={"functionName": "Host.Functions.on_blob_event", "code": key},
        json=[event],
        timeout=30,
    )
    assert answer.status_code == 202
    assert until(lambda: True if host.get("by-event/two") == b"events/two" else None, "the second run")


def _decoded(text: str) -> bytes:
    import base64

    return base64.b64decode(text)
