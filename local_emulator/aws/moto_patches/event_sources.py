"""moto hands each SQS message to a function by itself, while the sender waits, and goes on after deletion.

It knows no batches, no windows, no partial failures and no limits of concurrency, and checks nothing. Its
mappings stay where the API reads and writes them; the work is done by our own pollers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.event_sources.errors import MappingConflict, MappingNotFound
from local_emulator.aws.event_sources.mapping import check, check_source
from local_emulator.aws.front.functions import parse_reference
from local_emulator.aws.moto_patches.event_source_settings import (
    check_parameters,
    settings_from,
    specification_of,
    worded_by_lambda,
)
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.event_sources.mapping import MappingSettings
    from local_emulator.aws.event_sources.mappings import EventSourceMappings
    from local_emulator.aws.moto_patches.sqs_queues import MotoQueues

_MODELS = "moto.awslambda.models"
TARGETS = (
    Target(_MODELS, "LambdaBackend.create_event_source_mapping", "19f8125cabf7"),
    Target(_MODELS, "LambdaBackend.update_event_source_mapping", "7ec08b40f6d0"),
    Target(_MODELS, "LambdaBackend.delete_event_source_mapping", "0df9c39da24e"),
    Target(_MODELS, "LambdaBackend.list_event_source_mappings", "7914b756d62f"),
    Target(_MODELS, "EventSourceMapping.get_configuration", "b41577cbcbd7"),
)
_NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist: {arn}"
)


def patch(queues: MotoQueues, mappings: EventSourceMappings) -> Patch:
    """Make the patch; `mappings` do the polling."""
    return Patch("event-source-mappings", TARGETS, lambda _: apply(queues, mappings))


def apply(queues: MotoQueues, mappings: EventSourceMappings) -> None:
    """Let our pollers work for moto's mappings."""
    _apply_creation(queues, mappings)
    _apply_changes(queues, mappings)
    _apply_reading(mappings)


def _apply_creation(queues: MotoQueues, mappings: EventSourceMappings) -> None:
    from moto.awslambda.models import EventSourceMapping, LambdaBackend

    def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
        with worded_by_lambda():
            check_parameters(spec)
            check_source(spec.get("EventSourceArn") or "")
            function, function_arn = _function(self, spec.get("FunctionName") or "")
            place = {
                "RegionName": self.region_name,
                "AccountId": self.account_id,
                "FunctionArn": function_arn,
            }
            wanted = settings_from({**spec, **place}, "")
            _check(queues, wanted, function)
            _check_is_new(self, wanted)
            mapping = EventSourceMapping({**spec, **place})
            _held_mappings(self)[mapping.uuid] = mapping
            mappings.put(settings_from(specification_of(mapping), mapping.uuid))
        return mapping

    LambdaBackend.create_event_source_mapping = create_event_source_mapping


def _apply_changes(queues: MotoQueues, mappings: EventSourceMappings) -> None:
    from moto.awslambda.models import LambdaBackend

    moto_update = LambdaBackend.update_event_source_mapping

    def update_event_source_mapping(self: Any, uuid: str, spec: dict[str, Any]) -> Any:
        with worded_by_lambda():
            mapping = _existing(self, uuid)
            check_parameters(spec)
            function, function_arn = _function(self, spec.get("FunctionName") or mapping.function_arn)
            settings = settings_from({**specification_of(mapping), **spec, "FunctionArn": function_arn}, uuid)
            _check(queues, settings, function)
            moto_update(self, uuid, spec)
            mapping.function_arn = function_arn
            mappings.put(settings)
        return mapping

    def delete_event_source_mapping(self: Any, uuid: str) -> Any:
        with worded_by_lambda():
            mapping = _existing(self, uuid)
            del _held_mappings(self)[uuid]
            mappings.remove(uuid)
        return mapping

    LambdaBackend.update_event_source_mapping = update_event_source_mapping
    LambdaBackend.delete_event_source_mapping = delete_event_source_mapping


def _apply_reading(mappings: EventSourceMappings) -> None:
    from moto.awslambda.models import EventSourceMapping, LambdaBackend

    moto_describe = EventSourceMapping.get_configuration

    def list_event_source_mappings(self: Any, event_source_arn: str, function_name: str) -> list[Any]:
        found = list(_held_mappings(self).values())
        if event_source_arn:
            found = [each for each in found if each.event_source_arn == event_source_arn]
        if function_name:
            wanted = parse_reference(function_name, self.account_id, self.region_name).arn()
            found = [each for each in found if each.function_arn == wanted]
        return found

    def get_configuration(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = moto_describe(self)
        shown.setdefault("MaximumBatchingWindowInSeconds", 0)
        shown.setdefault("FunctionResponseTypes", [])
        shown["LastProcessingResult"] = mappings.last_result(self.uuid)
        shown["StateTransitionReason"] = "USER_INITIATED"
        return {name: value for name, value in shown.items() if value != {}}

    LambdaBackend.list_event_source_mappings = list_event_source_mappings
    EventSourceMapping.get_configuration = get_configuration


def _held_mappings(backend: Any) -> dict[str, Any]:
    held: dict[str, Any] = vars(backend)["_event_source_mappings"]
    return held


def _existing(backend: Any, uuid: str) -> Any:
    mapping = _held_mappings(backend).get(uuid)
    if mapping is None:
        raise MappingNotFound(f"The resource you requested does not exist: event source mapping {uuid}")
    return mapping


def _function(backend: Any, name: str) -> tuple[Any, str]:
    """Find the function; its ARN is qualified as the caller did it, so that an alias can be moved."""
    reference = parse_reference(name, backend.account_id, backend.region_name)
    return backend.get_function(reference.name, reference.qualifier), reference.arn()


def _check(queues: MotoQueues, settings: MappingSettings, function: Any) -> None:
    queue = queues.find(settings.queue_arn)
    if queue is None:
        raise MappingNotFound(_NO_QUEUE.format(arn=settings.queue_arn))
    check(settings, queue.settings.visibility_timeout_s, float(function.timeout))


def _check_is_new(backend: Any, settings: MappingSettings) -> None:
    for uuid, mapping in _held_mappings(backend).items():
        if (mapping.event_source_arn, mapping.function_arn) == (settings.queue_arn, settings.function_arn):
            raise MappingConflict(
                f'The event source arn (" {settings.queue_arn} ") and function (" '
                f'{settings.function_arn.split(":")[6]} ") provided mapping already exists. Please update or '
                f"delete the existing mapping with UUID {uuid}"
            )
