"""AWS::ApiGatewayV2: HTTP APIs with stages, integrations, routes and authorizers.

The five types have the same shape: the properties are the parameters of Create… and Update…, and all but
the API itself belong to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import Deployed, UnsupportedError
from local_emulator.aws.cloudformation.resources.common import tag_map, unless_gone, without

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties


class HttpApi:
    """AWS::ApiGatewayV2::Api."""

    name = "AWS::ApiGatewayV2::Api"
    replaced_by = frozenset({"ProtocolType"})
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create an HTTP API; WebSocket APIs and imported definitions are refused."""
        if properties.get("ProtocolType") != "HTTP":
            raise UnsupportedError(
                f"ProtocolType {properties.get('ProtocolType')!r} is not supported by the emulator; "
                "it takes HTTP (APIs imported from Body are not supported either: write out the routes)"
            )
        client = place.client("apigatewayv2")
        values = {**properties, "Tags": tag_map(properties, place)}
        api = client.create_api(**call_input(client, "CreateApi", values))
        attributes = {"ApiId": api["ApiId"], "ApiEndpoint": api["ApiEndpoint"]}
        return Deployed(api["ApiId"], attributes)

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change the API; a CORS configuration that is gone from the template is deleted."""
        client = place.client("apigatewayv2")
        api_id = deployed.physical_id
        if old.get("CorsConfiguration") and not new.get("CorsConfiguration"):
            client.delete_cors_configuration(ApiId=api_id)
        values = {**without(new, "Tags", "ProtocolType"), "ApiId": api_id}
        client.update_api(**call_input(client, "UpdateApi", values))
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the API with all that belongs to it."""
        unless_gone(place.client("apigatewayv2").delete_api, ApiId=deployed.physical_id)


@dataclass(frozen=True, slots=True)
class ApiPart:
    """A resource that belongs to an HTTP API: "Route" stands for CreateRoute, UpdateRoute, DeleteRoute."""

    part: str
    id_member: str  # the member of answers and requests that holds its id
    attribute: str  # what Fn::GetAtt calls the id; "" when it has no attribute
    name_property: str = ""

    @property
    def name(self) -> str:
        """The type as templates write it."""
        return f"AWS::ApiGatewayV2::{self.part}"

    @property
    def replaced_by(self) -> frozenset[str]:
        """Another API means another resource; so does another name, where the name is the id."""
        return frozenset({"ApiId", self.name_property} - {""})

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the resource within its API."""
        answer = self._call("Create", place, properties)
        identity = answer[self.id_member]
        return Deployed(identity, {self.attribute: identity} if self.attribute else {})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change the resource. The service keeps what an update leaves out, so that is emptied by hand."""
        dropped = {name: _EMPTY[name] for name in old if name not in new and name in _EMPTY}
        values = {**dropped, **new, self.id_member: deployed.physical_id}
        self._call("Update", place, values)
        return deployed

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Delete the resource; an API deleted before it took it along."""
        client = place.client("apigatewayv2")
        call = getattr(client, f"delete_{self.part.lower()}")
        unless_gone(call, **{"ApiId": properties["ApiId"], self.id_member: deployed.physical_id})

    def _call(self, verb: str, place: Place, values: Properties) -> Any:
        client = place.client("apigatewayv2")
        call = getattr(client, f"{verb.lower()}_{self.part.lower()}")
        if self.part == "Stage" and verb == "Create":
            values = {**values, "Tags": tag_map(values, place)}
        elif self.part == "Stage":
            values = without(values, "Tags")  # changed by TagResource on AWS, and nothing here reads them
        return call(**call_input(client, f"{verb}{self.part}", values))


# What stands for "not set" where UpdateX would keep the old value.
_EMPTY: dict[str, Any] = {
    "AuthorizationType": "NONE",
    "AuthorizerId": "",
    "DefaultRouteSettings": {},
    "Description": "",
    "RouteSettings": {},
    "StageVariables": {},
}

HTTP_API_TYPES = (
    HttpApi(),
    ApiPart("Stage", "StageName", "", name_property="StageName"),
    ApiPart("Integration", "IntegrationId", "IntegrationId"),
    ApiPart("Route", "RouteId", "RouteId"),
    ApiPart("Authorizer", "AuthorizerId", "AuthorizerId"),
)
