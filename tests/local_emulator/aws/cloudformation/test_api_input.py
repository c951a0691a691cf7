"""From properties to the parameters of an API call, by botocore's own models."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import DeploymentError, UnsupportedError


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client("lambda", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def test_what_templates_write_as_text_becomes_what_the_api_takes(client: Any) -> None:
    values = {
        "FunctionName": "f",
        "Timeout": "6",
        "Publish": "true",
        "Environment": {"Variables": {"N": 1, "B": True}},
        "Layers": ["a"],
        "EphemeralStorage": {"Size": "512"},
    }
    assert call_input(client, "CreateFunction", values) == {
        "FunctionName": "f",
        "Timeout": 6,
        "Publish": True,
        "Environment": {"Variables": {"N": "1", "B": "true"}},
        "Layers": ["a"],
        "EphemeralStorage": {"Size": 512},
    }


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({"Colour": "blue"}, UnsupportedError, "property Colour is not supported.*it takes .*Architectures"),
        (
            {"Environment": {"Vars": {}}},
            UnsupportedError,
            r"Environment\.Vars is not supported.*it takes Variables",
        ),
        ({"Timeout": "soon"}, DeploymentError, "Timeout must be a number, not 'soon'"),
        ({"Publish": "maybe"}, DeploymentError, "Publish must be true or false, not 'maybe'"),
        ({"Environment": "x"}, DeploymentError, "Environment must be an object, not 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    client: Any, values: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call_input(client, "CreateFunction", values)
