"""Keys and levels, and the admin API behind the master key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.local_emulator.azure.hosts import until

if TYPE_CHECKING:
    from tests.local_emulator.azure.hosts import Host

MASTER = {"x-functions-key": "the-master-key"}


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("locked", None, 401),
        ("locked", "wrong", 401),
        ("locked", "the-key-of-locked", 200),
        ("locked", "the-default-key", 200),
        ("locked", "the-master-key", 200),
        ("owned", None, 401),
        ("owned", "the-key-of-locked", 401),
        ("owned", "the-default-key", 403),
        ("owned", "the-master-key", 200),
        ("pid", "wrong", 200),
    ],
)
def test_levels(host: Host, path: str, key: str | None, status: int) -> None:
    in_header = {} if key is None else {"x-functions-key": key}
    in_query = {} if key is None else {"code": key}
    url = f"{host.url}/api/{path}"
    assert requests.get(url, headers=in_header, timeout=30).status_code == status
    assert requests.get(url, params=in_query, timeout=30).status_code == status


def test_the_admin_api_wants_the_master_key(host: Host) -> None:
    url = f"{host.url}/admin/host/status"
    assert requests.get(url, timeout=30).status_code == 401
    assert requests.get(url, headers={"x-functions-key": "the-default-key"}, timeout=30).status_code == 403
    assert requests.get(url, headers=MASTER, timeout=30).json()["state"] == "Running"
    assert requests.get(f"{host.url}/admin/host/ping", timeout=30).status_code == 200


def test_functions_and_their_keys_are_listed(host: Host) -> None:
    listed = requests.get(f"{host.url}/admin/functions", headers=MASTER, timeout=30).json()
    assert {"echo", "job", "on_upload", "on_tick"} <= {found["name"] for found in listed}
    keys = requests.get(f"{host.url}/admin/functions/locked/keys", headers=MASTER, timeout=30).json()
    assert keys["keys"] == [{"name": "default", "value": "the-key-of-locked"}]
    assert requests.get(f"{host.url}/admin/functions/none", headers=MASTER, timeout=30).status_code == 404
    for path in ("extensions", "", "host", "functions/locked/none"):
        unknown = requests.get(f"{host.url}/admin/{path}", headers=MASTER, timeout=30)
        assert unknown.status_code == 404
        assert "host/status" in unknown.json()["detail"]


def test_a_function_is_run_on_demand(host: Host) -> None:
    url = f"{host.url}/admin/functions"
    started = requests.post(f"{url}/job", json={"input": '{"name": "by-hand"}'}, headers=MASTER, timeout=30)
    assert started.status_code == 202
    assert host.wait_for("results/by-hand.json")
    assert requests.post(f"{url}/pid", json={"input": "x"}, headers=MASTER, timeout=30).status_code == 400
    assert requests.post(f"{url}/job", data="no json", headers=MASTER, timeout=30).status_code == 400


def test_a_timer_runs_on_demand_and_at_the_start(host: Host) -> None:
    assert host.wait_for_message("ticks").content == "b24gdGltZQ=="  # run_on_startup
    requests.post(f"{host.url}/admin/functions/on_tick", headers=MASTER, timeout=30)
    assert until(lambda: host.receive("ticks"), "another tick")
