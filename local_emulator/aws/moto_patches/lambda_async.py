"""moto runs Event invocations at once, never again, and tells no destination; a second configuration is lost.

What is set with PutFunctionEventInvokeConfig stays in moto, one configuration a function, for its $LATEST; the
invocations are queued and repeated by asynchronous/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.asynchronous.ports import InvokeConfig
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.aws.execution.contracts import FunctionSnapshot

_MODELS, _RESPONSES = "moto.awslambda.models", "moto.awslambda.responses"
TARGETS = (
    Target(_MODELS, "LambdaBackend.put_function_event_invoke_config", "5553f19f0894"),
    Target(_MODELS, "LambdaBackend.update_function_event_invoke_config", "d8acf819ef04"),
    Target(_RESPONSES, "LambdaResponse.put_function_event_invoke_config", "7dc4a081a306"),
    Target(_RESPONSES, "LambdaResponse.update_function_event_invoke_config", "aef5fcaa5b2c"),
    Target(_RESPONSES, "LambdaResponse.get_function_event_invoke_config", "5d65619ca139"),
    Target(_RESPONSES, "LambdaResponse.delete_function_event_invoke_config", "9d5a670745fc"),
)
_DESTINATIONS = ("events", "lambda", "sns", "sqs")
_KEYS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_LEAST_AGE_S = 60


def patch() -> Patch:
    """Make the patch."""
    return Patch("lambda-async", TARGETS, lambda _: apply())


def apply() -> None:
    """Repair the configuration of asynchronous invocations."""
    from moto.awslambda.models import EventInvokeConfig, LambdaBackend
    from moto.awslambda.responses import LambdaResponse

    def put(self: Any, function_name: str, config: dict[str, Any]) -> Any:
        function = self.get_function(function_name)
        _check(config, function)
        kept = {name: config[name] for name in _KEYS if config.get(name) is not None}
        made = EventInvokeConfig(function.function_arn, function.last_modified, kept)
        function.event_invoke_config = [made]  # not added to what is there: a put replaces
        return made.response()

    def update(self: Any, function_name: str, config: dict[str, Any]) -> Any:
        held = self.get_function(function_name).event_invoke_config
        before = held[-1].config if held else {}
        changed = {name: value for name, value in config.items() if value is not None}
        return put(self, function_name, {**before, **changed})

    LambdaBackend.put_function_event_invoke_config = put
    LambdaBackend.update_function_event_invoke_config = update
    for name in (target.name for target in TARGETS if target.module == _RESPONSES):
        setattr(LambdaResponse, name, _for_latest(vars(LambdaResponse)[name]))


def invoke_config_of(function: FunctionSnapshot) -> InvokeConfig:
    """Give what is set on a function's asynchronous invocations in moto; the defaults once it is deleted."""
    from moto.awslambda.exceptions import UnknownFunctionException
    from moto.awslambda.models import lambda_backends

    backend = lambda_backends[function.account_id][function.region]
    try:
        found = backend.get_function(function.name)
    except UnknownFunctionException:
        return InvokeConfig()
    config: Mapping[str, Any] = found.event_invoke_config[-1].config if found.event_invoke_config else {}
    destinations = config.get("DestinationConfig") or {}
    letters = getattr(found, "dead_letter_config", None) or {}
    return InvokeConfig(
        most_retries=int(config.get("MaximumRetryAttempts", 2)),
        longest_age_s=float(config.get("MaximumEventAgeInSeconds", 21_600)),
        on_success=(destinations.get("OnSuccess") or {}).get("Destination") or "",
        on_failure=(destinations.get("OnFailure") or {}).get("Destination") or "",
        dead_letter_arn=letters.get("TargetArn") or "",
    )


def _check(config: Mapping[str, Any], function: Any) -> None:
    from moto.awslambda.exceptions import InvalidParameterValueException

    age = config.get("MaximumEventAgeInSeconds")
    if age is not None and age < _LEAST_AGE_S:
        raise InvalidParameterValueException(
            f"Value '{age}' at 'maximumEventAgeInSeconds' failed to satisfy constraint: "
            f"Member must have value greater than or equal to {_LEAST_AGE_S}"
        )
    for side, destination in (config.get("DestinationConfig") or {}).items():
        arn = (destination or {}).get("Destination") or ""
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if arn and service not in _DESTINATIONS:
            raise InvalidParameterValueException(
                f"The destination ARN {arn} ({side}) is not supported by the emulator, which sends to "
                f"{', '.join(_DESTINATIONS)}"
            )
        if arn == function.function_arn.removesuffix(":$LATEST"):
            raise InvalidParameterValueException(
                "You can't specify the function as a destination for itself."
            )


def _for_latest(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Refuse configurations of versions and aliases by name, where moto would take them for $LATEST's."""

    def checked(self: Any) -> Any:
        from moto.awslambda.exceptions import InvalidParameterValueException

        qualifier = (self.querystring.get("Qualifier") or ["$LATEST"])[0]
        if qualifier != "$LATEST":
            raise InvalidParameterValueException(
                f"Qualifier {qualifier} is not supported by the emulator, which keeps one EventInvokeConfig a "
                "function; it takes $LATEST"
            )
        return answer(self)

    return checked
