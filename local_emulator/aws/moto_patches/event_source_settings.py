"""Event source mappings between the Lambda API's words and ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from local_emulator.aws.event_sources.errors import InvalidMapping, MappingConflict, MappingError
from local_emulator.aws.event_sources.filters import parse_filters
from local_emulator.aws.event_sources.mapping import MappingSettings
from local_emulator.aws.front.functions import InvalidFunctionNameError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ACTED_ON = (
    "BatchSize",
    "Enabled",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "ScalingConfig",
)
_HARMLESS = ("KMSKeyArn", "Tags", "UUID")


def check_parameters(spec: Mapping[str, Any]) -> None:
    """Raise InvalidMapping for parameters of other kinds of sources, and for those that nobody here acts on."""
    for name, value in spec.items():
        if value and name not in _ACTED_ON and name not in _HARMLESS:
            raise InvalidMapping(
                f"Unsupported parameter {name} for SQS event source mappings in the emulator; "
                f"it takes {', '.join(_ACTED_ON)}"
            )


def settings_from(spec: Mapping[str, Any], uuid: str) -> MappingSettings:
    """Read settings. Raises InvalidMapping."""
    batch_size = spec.get("BatchSize")
    enabled = spec.get("Enabled")
    return MappingSettings(
        uuid=uuid,
        queue_arn=spec["EventSourceArn"],
        function_arn=spec["FunctionArn"],
        enabled=True if enabled is None else bool(enabled),
        batch_size=10 if batch_size is None else int(batch_size),
        window_s=int(spec.get("MaximumBatchingWindowInSeconds") or 0),
        maximum_concurrency=(spec.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        response_types=tuple(spec.get("FunctionResponseTypes") or ()),
        filters=parse_filters(spec.get("FilterCriteria")),
    )


def specification_of(mapping: Any) -> dict[str, Any]:
    """Give what a mapping of moto's would be made from."""
    return {
        "EventSourceArn": mapping.event_source_arn,
        "FunctionArn": mapping.function_arn,
        "Enabled": mapping.enabled,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.max_batch_window,
        "ScalingConfig": mapping.scaling_config,
        "FunctionResponseTypes": mapping.function_response_types,
        "FilterCriteria": mapping.filter_criteria,
    }


@contextmanager
def worded_by_lambda() -> Iterator[None]:
    """Turn what mappings refuse into errors that moto answers with."""
    from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError

    try:
        yield
    except InvalidMapping as refused:
        raise InvalidParameterValueException(str(refused)) from refused
    except InvalidFunctionNameError as refused:
        raise InvalidParameterValueException(f"{refused} is not the name or ARN of a function") from refused
    except MappingError as refused:
        conflict = isinstance(refused, MappingConflict)
        code = "ResourceConflictException" if conflict else "ResourceNotFoundException"
        error = LambdaClientError(code, str(refused))
        error.code = 409 if conflict else 404
        raise error from refused
