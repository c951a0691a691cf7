"""AWS::Lambda::Version waits for its snapshot, as a deployment with `snapStart: true` relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.local_emulator.aws.cloudformation.stacks import TestedStack
from tests.local_emulator.aws.cloudformation.test_resources import ROLE, function, resource
from tests.local_emulator.aws.snap_start.conftest import NEEDS_312

if TYPE_CHECKING:
    from tests.local_emulator.aws.snap_start.conftest import Snapping


pytestmark = NEEDS_312


def snapped(source: str) -> dict[str, Any]:
    return {
        "Role": ROLE,
        "F": function(SnapStart={"ApplyOn": "PublishedVersions"}, Code={"ZipFile": source}),
        "V": resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}),
        "A": resource(
            "AWS::Lambda::Alias",
            FunctionName={"Ref": "F"},
            FunctionVersion={"Fn::GetAtt": ["V", "Version"]},
            Name="snapstart",
        ),
    }


def test_the_stack_is_done_when_the_snapshot_is(snapping: Snapping) -> None:
    stack = TestedStack(snapping.running, "snapped")
    source = "import time\ntime.sleep(0.3)\ndef f(event, context): return context.function_version"
    name = stack.deploy_resources(**snapped(source))["F"]
    answered = snapping.invoke(name, version="snapstart")
    assert answered.payload == "1"
    assert answered.log.startswith("RESTORE_START ")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_version_that_cannot_be_initialised_fails_the_stack(snapping: Snapping) -> None:
    stack = TestedStack(snapping.running, "broken")
    assert stack.deploy({"Resources": snapped("import not_there")}) == "ROLLBACK_COMPLETE"
    [failure] = [each for each in stack.failures() if "SnapStart" in str(each)]
    assert "No module named 'not_there'" in str(failure)
    assert "FunctionError.RuntimeInitError" in str(failure)
