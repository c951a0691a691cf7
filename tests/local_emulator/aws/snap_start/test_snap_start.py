"""SnapStart as boto3 sees it: settings, states, restores, refusals."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_emulator.aws.execution.interpreters import Interpreters
from tests.local_emulator.aws.snap_start.conftest import NEEDS_312, ON

if TYPE_CHECKING:
    from tests.local_emulator.aws.snap_start.conftest import Snapping

pytestmark = NEEDS_312


HOOKED = """
import os, time, uuid
from snapshot_restore_py import register_after_restore, register_before_snapshot
steps = []
register_before_snapshot(steps.append, "closed last")
register_before_snapshot(steps.append, "closed first")
register_after_restore(steps.append, "opened first")
register_after_restore(steps.append, "opened last")
register_after_restore(lambda: globals().update(instance=str(uuid.uuid4())))
def handle(event, context):
    time.sleep(event or 0)
    return {
        "steps": steps, "pid": os.getpid(), "instance": instance, "request": context.aws_request_id,
        "trace": os.environ["_X_AMZN_TRACE_ID"], "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
    }
"""
ORDER = ["closed first", "closed last", "opened first", "opened last"]
ROLE = "arn:aws:iam::123456789012:role/any"
PLAIN = "def handle(event, context): return event"


def test_a_version_goes_from_pending_to_active(snapping: Snapping) -> None:
    snapping.create("slow", f"import time\ntime.sleep(0.7)\n{PLAIN}")
    published = snapping.functions.publish_version(FunctionName="slow")
    assert (published["State"], published["StateReasonCode"]) == ("Pending", "Creating")
    with pytest.raises(ClientError) as refused:
        snapping.invoke("slow")
    assert refused.value.response["Error"]["Code"] == "SnapStartNotReadyException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    found = snapping.publish("slow")  # nothing has changed: the same version
    assert (found["Version"], found["State"]) == ("1", "Active")
    assert "StateReasonCode" not in found
    assert found["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    began = time.monotonic()
    assert snapping.invoke("slow", 5).payload == 5
    assert time.monotonic() - began < 0.7  # the init phase isn't gone through again


def test_the_waiter_of_boto3_finds_it_active(snapping: Snapping) -> None:
    snapping.create("waited", PLAIN, Publish=True)
    snapping.functions.get_waiter("published_version_active").wait(
        FunctionName="waited", Qualifier="1", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )


def test_on_latest_nothing_happens(snapping: Snapping) -> None:
    snapping.create(
        "latest", "import os\ndef handle(e, c): return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']"
    )
    found = snapping.configuration("latest", "$LATEST")
    assert found["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    assert found["State"] == "Active"
    answered = snapping.invoke("latest", version="$LATEST")
    assert answered.payload == "on-demand"
    assert "RESTORE" not in answered.log


def test_two_instances_are_restored_with_ids_of_their_own(snapping: Snapping) -> None:
    snapping.create("hooked", HOOKED)
    snapping.publish("hooked")
    found = snapping.invoke_at_once("hooked", 2, 0.5)
    for answered in found:
        assert (answered.payload["steps"], answered.payload["type"]) == (ORDER, "snap-start")
        assert re.search(
            r"\ARESTORE_START [^\n]*\nRESTORE_REPORT Restore Duration: [\d.]+ ms\n", answered.log
        )
        assert re.search(r"\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\n\Z", answered.log)
        assert "Init Duration" not in answered.log
    for name in ("pid", "instance", "request", "trace"):
        assert found[0].payload[name] != found[1].payload[name], name
    warm = snapping.invoke("hooked")
    assert warm.payload["instance"] in {answered.payload["instance"] for answered in found}
    assert "estore" not in warm.log


def test_a_changed_function_leaves_the_snapshot_alone(snapping: Snapping) -> None:
    snapping.create("changed", "import os\npid = os.getpid()\ndef handle(event, context): return pid")
    snapping.publish("changed")
    snapping.functions.update_function_configuration(
        FunctionName="changed", Description="new", MemorySize=256
    )
    snapshotted = snapping.invoke("changed")
    assert snapping.invoke("changed", version="$LATEST").payload != snapshotted.payload
    log = snapping.log("changed", until="Version: $LATEST")
    assert (log.count("INIT_START"), log.count("RESTORE_START")) == (1, 1)


def test_an_error_in_a_hook_after_the_restore(snapping: Snapping) -> None:
    hook = "from snapshot_restore_py import register_after_restore\nregister_after_restore(lambda: 1 / 0)\n"
    snapping.create("unrestorable", hook + PLAIN)
    assert snapping.publish("unrestorable")["State"] == "Active"
    with pytest.raises(ClientError, match=r"afterRestore\(\) runtime hook encountered an error") as refused:
        snapping.invoke("unrestorable")
    assert refused.value.response["Error"]["Code"] == "SnapStartException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    log = snapping.log("unrestorable", until="\tStatus: error\tError Type: Runtime.AfterRestoreError")
    assert "[ERROR] ZeroDivisionError: division by zero" in log


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("import not_there", "FunctionError.RuntimeInitError", "No module named 'not_there'"),
        ("x = 1", "FunctionError.InvalidEntryPoint", "Handler 'handle' missing"),
        (
            "from snapshot_restore_py import register_before_snapshot\n"
            f"register_before_snapshot(lambda: [][1])\n{PLAIN}",
            "FunctionError.RuntimeInitError",
            "IndexError: list index out of range",
        ),
    ],
    ids=["import", "entry-point", "hook"],
)
def test_a_version_that_cannot_be_initialised(
    source: str, code: str, reason: str, snapping: Snapping, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    snapping.create(name, source)
    found = snapping.publish(name)
    assert (found["State"], found["StateReasonCode"]) == ("Failed", code)
    assert reason in found["StateReason"]
    with pytest.raises(ClientError, match="currently in the following state: Failed") as refused:
        snapping.invoke(name)
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"SnapStart": {"ApplyOn": "Always"}},
            r"Value 'Always' at 'snapStart.applyOn'.*\[PublishedVersions, None",
        ),
        ({"EphemeralStorage": {"Size": 513}}, "storage of 513 MB is not supported for SnapStart"),
        pytest.param(
            {"Runtime": "python3.11"},
            "python3.11 is not supported for SnapStart enabled functions",
            marks=pytest.mark.skipif(
                "python3.11" not in Interpreters().available(), reason="no Python 3.11 on this machine"
            ),
        ),
    ],
)
def test_what_excludes_snapstart_is_refused(settings: dict[str, Any], said: str, snapping: Snapping) -> None:
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{said}"):
        snapping.create("refused", PLAIN, Role=ROLE, **settings)


def test_what_excludes_snapstart_is_refused_in_updates_too(snapping: Snapping) -> None:
    snapping.create("updated", PLAIN, SnapStart={"ApplyOn": "None"}, EphemeralStorage={"Size": 1024})
    update = snapping.functions.update_function_configuration
    with pytest.raises(ClientError, match="storage of 1024 MB is not supported for SnapStart"):
        update(FunctionName="updated", SnapStart=ON)
    update(FunctionName="updated", SnapStart=ON, EphemeralStorage={"Size": 512})
    with pytest.raises(ClientError, match="storage of 600 MB is not supported for SnapStart"):
        update(FunctionName="updated", EphemeralStorage={"Size": 600})
