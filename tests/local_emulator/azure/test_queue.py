"""Queue triggers over Azurite, by the vendor's rules."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from typing import TYPE_CHECKING

from local_emulator.azure.settings import Pace
from tests.local_emulator.azure.hosts import host_of, until, write_app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_emulator.azure.hosts import Host

SLEEPY = """
import os, time
@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
@app.blob_output(arg_name="$return", path="done/{id}-{dequeuecount}", connection="AzureWebJobsStorage")
def work(message: func.QueueMessage) -> str:
    name = message.get_body().decode()
    if name == "fail":
        raise ValueError("as asked")
    with open(os.path.join(os.environ["MARKS"], "started"), "a") as file:
        file.write("%d\\n" % os.getpid())
    time.sleep(float(os.environ["SLEEP"]))
    return name
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_message_runs_the_function_once_and_is_deleted(host: Host) -> None:
    host.send("jobs", encoded(json.dumps({"name": "one"})))
    result = json.loads(host.wait_for("results/one.json"))
    assert result["dequeued"] == 1
    assert until(lambda: True if host.length("jobs") == 0 else None, "deletion")


def test_a_failing_message_is_poison_after_five_deliveries(host: Host) -> None:
    sent = encoded(json.dumps({"name": "never", "fail": True}))
    host.send("jobs", sent)
    buried = host.wait_for_message("jobs-poison")
    assert buried.content == sent
    failures = [line for line in host.log if line.text.startswith("Function name: job")]
    assert len(failures) >= 5
    assert host.get("results/never.json") is None


def test_what_is_not_base64_is_poison_at_once(host: Host) -> None:
    host.send("jobs", "no base64!")
    assert until(lambda: _with_content(host, "jobs-poison", "no base64!"), "the poison message")


def test_a_message_of_a_function_that_writes_to_its_own_host_comes_at_once(host: Host) -> None:
    import requests

    assert requests.post(f"{host.url}/api/enqueue", json={"name": "two"}, timeout=30).status_code == 202
    assert json.loads(host.wait_for("results/two.json"))["dequeued"] == 1


def test_a_lease_is_renewed_while_the_function_runs(tmp_path: Path) -> None:
    """A function that takes more than two leases' time is still delivered once."""
    pace = Pace(queue_poll=0.2, queue_lease=3, drain=1.0)
    with sleepy(tmp_path, sleep=6.5, pace=pace) as host:
        host.send("work", encoded("long"))
        until(lambda: host.names("done") or None, "the result")
        time.sleep(1.0)
        assert [name.rpartition("-")[2] for name in host.names("done")] == ["1"]
        assert (tmp_path / "started").read_text().count("\n") == 1
        assert host.length("work") == 0


def test_a_worker_killed_in_the_middle_loses_no_message(tmp_path: Path) -> None:
    with sleepy(tmp_path, sleep=1.0) as host:
        host.send("work", encoded("survivor"))
        started = tmp_path / "started"
        until(lambda: started.exists() or None, "the run")
        os.kill(host.emulator.worker_pids()[0], signal.SIGKILL)
        until(lambda: host.names("done") or None, "the result")
        assert len(set(started.read_text().split())) == 2, "another worker did it"
        assert [name.rpartition("-")[2] for name in host.names("done")] == ["2"], "at the second delivery"
        assert until(lambda: True if host.length("work") == 0 else None, "deletion")


def test_batches_and_concurrency(tmp_path: Path) -> None:
    """16 and 8 more run at once by default; with host.json's 1 and 0, one after the other."""
    queues = {"extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0}}}
    with sleepy(tmp_path, sleep=0.3, host=queues) as host:
        began = time.monotonic()
        for number in range(4):
            host.send("work", encoded(f"{number}"))
        until(lambda: True if len(host.names("done")) == 4 else None, "four results")
        assert time.monotonic() - began >= 1.2


def test_a_visibility_timeout_delays_the_next_try(tmp_path: Path) -> None:
    queues = {"extensions": {"queues": {"visibilityTimeout": "00:00:02", "maxDequeueCount": 2}}}
    with sleepy(tmp_path, sleep=0.0, host=queues) as host:
        began = time.monotonic()
        host.send("work", encoded("fail"))
        host.wait_for_message("work-poison")
        assert time.monotonic() - began >= 2.0


def test_messages_without_base64(tmp_path: Path) -> None:
    with sleepy(tmp_path, sleep=0.0, host={"extensions": {"queues": {"messageEncoding": "none"}}}) as host:
        host.send("work", "plain")
        done = until(lambda: host.names("done") or None, "the result")
        assert host.get(f"done/{done[0]}") == b"plain"


def test_a_poison_queues_own_function_has_none_behind_it(tmp_path: Path) -> None:
    pace = Pace(queue_poll=0.2, queue_lease=1, drain=1.0)
    with sleepy(tmp_path, sleep=0.0, queue="work-poison", pace=pace) as host:
        host.send("work-poison", encoded("fail"))
        tries = until(lambda: _tries(host, 6), "more than five deliveries")
        assert tries >= 6, "it comes again whenever its lease runs out"
        assert "work-poison-poison" not in [queue.name for queue in host.queues.list_queues()]


def test_a_disabled_function_takes_nothing(tmp_path: Path) -> None:
    with sleepy(tmp_path, sleep=0.0, settings={"AzureWebJobs.work.Disabled": "true"}) as host:
        host.send("work", encoded("x"))
        time.sleep(1.0)
        assert host.emulator.functions == ()
        assert host.length("work") == 1


def sleepy(tmp_path: Path, *, sleep: float, host: dict | None = None, queue: str = "work", **options):
    """A host whose function notes that it began, sleeps, and writes one blob for each delivery."""
    settings = {"QUEUE": queue, "MARKS": str(tmp_path), "SLEEP": str(sleep), **options.pop("settings", {})}
    return host_of(write_app(tmp_path / "app", SLEEPY, host), settings, **options)


def _tries(host: Host, enough: int) -> int | None:
    count = sum(line.text.startswith("Function name: work") for line in host.log)
    return count if count >= enough else None


def _with_content(host: Host, queue: str, content: str) -> bool | None:
    message = host.receive(queue)
    return True if message is not None and message.content == content else None
