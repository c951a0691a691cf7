"""How a function is fed: AWS::Lambda::EventSourceMapping and AWS::Lambda::EventInvokeConfig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import Deployed, UnsupportedError
from local_emulator.aws.cloudformation.resources.common import tag_map, unless_gone, without

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

# What a mapping has when its template does not say; an update has to put these back.
_MAPPING_DEFAULTS: dict[str, Any] = {
    "BatchSize": 10,
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "ScalingConfig": {},
}


class EventSourceMapping:
    """A queue or stream that a function is fed from."""

    name = "AWS::Lambda::EventSourceMapping"
    replaced_by = frozenset({"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"})
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the mapping; from then on the emulator polls."""
        client = place.client("lambda")
        values = {**properties, "Tags": tag_map(properties, place)}
        answer = client.create_event_source_mapping(**call_input(client, "CreateEventSourceMapping", values))
        uuid = answer["UUID"]
        arn = f"arn:aws:lambda:{place.region}:{place.account_id}:event-source-mapping:{uuid}"
        return Deployed(uuid, {"Id": uuid, "EventSourceMappingArn": arn})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change the mapping; what left the template goes back to its default."""
        client = place.client("lambda")
        dropped = {name: value for name, value in _MAPPING_DEFAULTS.items() if name in old}
        fixed = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Tags")
        values = {**dropped, **without(new, *fixed), "UUID": deployed.physical_id}
        client.update_event_source_mapping(**call_input(client, "UpdateEventSourceMapping", values))
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the mapping; polling ends."""
        unless_gone(place.client("lambda").delete_event_source_mapping, UUID=deployed.physical_id)


class EventInvokeConfig:
    """Retries and destinations of a function's asynchronous invocations."""

    name = "AWS::Lambda::EventInvokeConfig"
    replaced_by = frozenset({"FunctionName", "Qualifier"})
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Put the configuration."""
        self._put(place, properties)
        return Deployed(place.generated_name())

    def update(self, place: Place, deployed: Deployed, _: Properties, new: Properties) -> Deployed:
        """Put the new configuration in place of the old."""
        self._put(place, new)
        return deployed

    def delete(self, place: Place, _: Deployed, properties: Properties) -> None:
        """Delete the configuration; a function deleted before took it along."""
        call = place.client("lambda").delete_function_event_invoke_config
        unless_gone(call, FunctionName=properties["FunctionName"])

    def _put(self, place: Place, properties: Properties) -> None:
        if properties.get("Qualifier", "$LATEST") != "$LATEST":
            raise UnsupportedError(
                f"Qualifier {properties['Qualifier']!r} is not supported by the emulator, which keeps one "
                "configuration per function; it takes $LATEST"
            )
        client = place.client("lambda")
        values = call_input(client, "PutFunctionEventInvokeConfig", without(properties, "Qualifier"))
        client.put_function_event_invoke_config(**values)
