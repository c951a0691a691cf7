"""Who may invoke a function, and at which URL: AWS::Lambda::Permission and AWS::Lambda::Url."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import (
    Deployed,
    UnsupportedError,
)
from local_emulator.aws.cloudformation.resources.common import Immutable, unless_gone, without

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties


class Permission(Immutable):
    """A statement of a function's policy."""

    name = "AWS::Lambda::Permission"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Add the statement."""
        client = place.client("lambda")
        statement = place.generated_name(100)
        values = {**properties, "StatementId": statement}
        client.add_permission(**call_input(client, "AddPermission", values))
        return Deployed(statement, {"Id": statement})

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Take the statement out; a function deleted before took it along."""
        unless_gone(
            place.client("lambda").remove_permission,
            FunctionName=properties["FunctionName"],
            StatementId=deployed.physical_id,
        )


class FunctionUrl:
    """A URL that invokes a function."""

    name = "AWS::Lambda::Url"
    replaced_by = frozenset({"TargetFunctionArn", "Qualifier"})
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the URL."""
        client = place.client("lambda")
        values = call_input(client, "CreateFunctionUrlConfig", _named(properties))
        answer = client.create_function_url_config(**values)
        arn = answer["FunctionArn"]
        return Deployed(arn, {"FunctionArn": arn, "FunctionUrl": answer["FunctionUrl"]})

    def update(self, place: Place, deployed: Deployed, _: Properties, new: Properties) -> Deployed:
        """Change authorisation, CORS and invoke mode."""
        client = place.client("lambda")
        values = call_input(client, "UpdateFunctionUrlConfig", {"Cors": {}, **_named(new)})
        client.update_function_url_config(**values)
        return deployed

    def delete(self, place: Place, _: Deployed, properties: Properties) -> None:
        """Delete the URL; a function deleted before took it along."""
        unless_gone(
            place.client("lambda").delete_function_url_config, FunctionName=properties["TargetFunctionArn"]
        )


def _named(properties: Properties) -> dict[str, Any]:
    if "Qualifier" in properties:
        raise UnsupportedError(
            "property Qualifier is not supported by the emulator: its function URLs invoke $LATEST. "
            "Leave it out of what you deploy here"
        )
    return {
        **without(properties, "TargetFunctionArn"),
        "FunctionName": properties["TargetFunctionArn"],
    }
