"""Event Grid triggers: by subscription to a container, and through the webhook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local_emulator.azure.emulators import running
from local_emulator.azure.errors import SettingsRefused
from local_emulator.azure.triggers.events import EventSubscription
from tests.local_emulator.azure.hosts import APP, host_of, until, write_app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_emulator.azure.hosts import Host

FAILS_TWICE = """
TRIES = []
@app.event_grid_trigger(arg_name="event")
@app.blob_output(arg_name="$return", path="noted/tries", connection="AzureWebJobsStorage")
def on_event(event: func.EventGridEvent) -> str:
    TRIES.append(event.id)
    if len(TRIES) < 3:
        raise ValueError("not yet")
    return f"{len(TRIES)} {len(set(TRIES))}"
"""


def post(
    host: Host, document: Any, *, kind: str = "Notification", function: str = "on_event"
) -> requests.Response:
    return requests.post(
        f"{host.url}/runtime/webhooks/eventgrid",
        params={"functionName": function, "code": host.emulator.keys.of_extension("eventgrid")},
        headers={"aeg-event-type": kind},
        json=document,
        timeout=30,
    )


def event(name: str) -> dict[str, Any]:
    return {"id": name, "subject": "s", "eventType": "t", "data": {"a": 1}, "dataVersion": "1", "topic": "x"}


def test_a_blob_in_a_subscribed_container_is_an_event(host: Host) -> None:
    host.put("drops/in/one.csv", b"abc")
    host.put("drops/out/two.csv", b"abc")
    host.put("drops/in/three.txt", b"abc")

    def noted() -> dict[str, Any] | None:
        for name in host.names("noted"):
            told = json.loads(host.get(f"noted/{name}") or b"{}")
            if "drops" in told.get("subject", ""):
                return dict(told)
        return None

    told = until(noted, "the event")
    assert told["subject"] == "/blobServices/default/containers/drops/blobs/in/one.csv"
    assert told["type"] == "Microsoft.Storage.BlobCreated"
    assert told["data"]["contentLength"] == 3
    assert told["data"]["url"].endswith("/drops/in/one.csv")
    assert sum("three" in str(host.get(f"noted/{name}")) for name in host.names("noted")) == 0


def test_the_webhook_runs_each_event(host: Host) -> None:
    assert post(host, [event("e1"), event("e2")]).status_code == 202
    assert json.loads(host.wait_for("noted/e1.json"))["data"] == {"a": 1}
    assert host.wait_for("noted/e2.json")


def test_the_webhook_answers_the_handshake(host: Host) -> None:
    validation = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "12-34"},
    }
    answer = post(host, [validation], kind="SubscriptionValidation")
    assert answer.json() == {"validationResponse": "12-34"}
    assert post(host, [{}], kind="SubscriptionValidation").status_code == 400


def test_the_webhook_refuses_what_it_must(host: Host) -> None:
    assert post(host, [event("e")], function="nobody").status_code == 404
    assert post(host, [1]).status_code == 400
    url = f"{host.url}/runtime/webhooks/eventgrid?functionName=on_event"
    assert requests.post(url, json=[event("e")], timeout=30).status_code == 401
    key = {"x-functions-key": "the-default-key"}
    assert requests.post(url, json=[event("e")], headers=key, timeout=30).status_code == 403
    assert requests.post(f"{host.url}/runtime/webhooks/durabletask", timeout=30).status_code == 404


def test_a_delivery_that_fails_is_repeated(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", FAILS_TWICE)
    with host_of(app, subscriptions=[EventSubscription("on_event", "drops")]) as host:
        host.put("drops/a", b"x")
        assert host.wait_for("noted/tries") == b"3 1", "three deliveries of one event"


def test_a_subscription_names_a_function_that_there_is() -> None:
    with (
        pytest.raises(SettingsRefused, match="on_event"),
        running(APP, subscriptions=[EventSubscription("echo", "drops")]),
    ):
        pass


def test_events_may_go_to_a_queue(tmp_path: Path) -> None:
    """A queue-triggered function gets them one a message, as Event Grid writes them."""
    code = """
@app.queue_trigger(arg_name="message", queue_name="events", connection="AzureWebJobsStorage")
@app.blob_output(arg_name="$return", path="noted/{id}", connection="AzureWebJobsStorage")
def take(message: func.QueueMessage) -> str:
    return message.get_body().decode()
"""
    subscription = EventSubscription.to_queue("events", "drops", ends_with=".csv")
    with host_of(write_app(tmp_path / "app", code), subscriptions=[subscription]) as host:
        host.put("drops/a.png", b"x")
        host.put("drops/a.csv", b"x")
        (name,) = until(lambda: host.names("noted") or None, "the event")
        told = json.loads(host.get(f"noted/{name}") or b"")
        assert told["id"] == name
        assert told["subject"].endswith("/drops/blobs/a.csv")
