"""iac/sagemaker/endpoint.yaml: what CloudFormation's linter says, and what the role may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.decode import cfn_yaml

TEMPLATE = Path(__file__).parents[2] / "iac" / "sagemaker" / "endpoint.yaml"


def findings(text: str) -> list[str]:
    """Errors and warnings; informational ones are advice on style."""
    config = ManualArgs(regions=["us-east-1", "eu-central-1"])
    return [str(each) for each in lint(text, config=config) if each.rule.id[0] in "EW"]


def resources() -> dict[str, Any]:
    found: dict[str, Any] = cfn_yaml.loads(TEMPLATE.read_text())["Resources"]
    return found


def test_the_linter_finds_nothing() -> None:
    assert findings(TEMPLATE.read_text()) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("EndpointConfigName: !GetAtt Configuration", "EndpointConfigNames: !GetAtt Configuration"),
        ("!GetAtt Role.Arn", "!GetAtt Roll.Arn"),
        ("Type: CANARY", "Type: CANARIES"),
    ],
)
def test_the_linter_finds_what_is_wrong(right: str, wrong: str) -> None:
    text = TEMPLATE.read_text()
    assert text.count(right) == 1
    assert findings(text.replace(right, wrong))


def test_the_role_may_what_serving_takes_and_no_more() -> None:
    [policy] = resources()["Role"]["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        if statement["Resource"] == "*":
            assert actions in (["ecr:GetAuthorizationToken"], ["cloudwatch:PutMetricData"])


def test_the_container_has_no_network_and_less_time_than_the_call() -> None:
    model = resources()["Model"]["Properties"]
    assert model["EnableNetworkIsolation"] is True
    assert int(model["PrimaryContainer"]["Environment"]["ONEHANDLER_TIMEOUT_S"]) < 60


def test_an_update_goes_back_when_an_alarm_goes_off() -> None:
    found = resources()
    deployment = found["Endpoint"]["Properties"]["DeploymentConfig"]["Fn::If"][1]
    names = [each["AlarmName"]["Ref"] for each in deployment["AutoRollbackConfiguration"]["Alarms"]]
    assert {found[name]["Type"] for name in names} == {"AWS::CloudWatch::Alarm"}
    for name in names:
        dimensions = {each["Name"]: each["Value"] for each in found[name]["Properties"]["Dimensions"]}
        assert dimensions == {"EndpointName": {"Ref": "AWS::StackName"}, "VariantName": "main"}
