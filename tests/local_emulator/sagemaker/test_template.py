"""iac/sagemaker/endpoint.yaml, deployed: an endpoint that answers, another bundle, a bundle that does not load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import WaiterError

from tests.bundles import ROW
from tests.local_emulator.sagemaker.conftest import IMAGE

if TYPE_CHECKING:
    from tests.local_emulator.sagemaker.conftest import World

TEMPLATE = (Path(__file__).parents[3] / "iac" / "sagemaker" / "endpoint.yaml").read_text()


def deploy(world: World, name: str, operation: str, **parameters: str) -> None:
    given = {"Image": IMAGE, "ModelBucket": "models", **parameters}
    cloudformation = world.client("cloudformation")
    getattr(cloudformation, f"{operation}_stack")(
        StackName=name,
        TemplateBody=TEMPLATE,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    cloudformation.get_waiter(f"stack_{operation}_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def answers(world: World, name: str) -> Any:
    found = world.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=json.dumps([ROW]), ContentType="application/json"
    )
    return json.loads(found["Body"].read())


@pytest.mark.parametrize("kind", ["realtime", "serverless"])
def test_it_deploys_updates_and_goes_away(kind: str, world: World) -> None:
    name = f"stack-{kind}"
    more = {"Kind": kind, "InstanceType": "ml.c5.large"}
    deploy(world, name, "create", ModelKey="iris-1.tar.gz", **more)
    assert len(answers(world, name)) == 1
    sagemaker = world.client("sagemaker")
    before = sagemaker.describe_endpoint(EndpointName=name)
    deploy(world, name, "update", ModelKey="iris-2.tar.gz", **more)
    after = sagemaker.describe_endpoint(EndpointName=name)
    assert (after["EndpointStatus"], before["EndpointArn"]) == ("InService", after["EndpointArn"])
    assert before["EndpointConfigName"] != after["EndpointConfigName"]
    assert len(answers(world, name)) == 1
    cloudformation = world.client("cloudformation")
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert name not in {each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]}


def test_a_stack_whose_model_is_not_there_says_so(world: World) -> None:
    with pytest.raises(WaiterError):
        deploy(world, "stack-broken", "create", ModelKey="nothing.tar.gz", Kind="serverless")
    events = world.client("cloudformation").describe_stack_events(StackName="stack-broken")["StackEvents"]
    assert any("Could not find model data" in each.get("ResourceStatusReason", "") for each in events)
