"""moto keeps half of a function's configuration, and changes less."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from local_emulator.aws.control_plane import limits
from local_emulator.aws.control_plane.functions import LATEST, layer_versions_of, snapshot_of
from local_emulator.aws.moto_patches.lambda_errors import worded_by_lambda
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.services import Services

_log = logging.getLogger(__name__)


def _apply(services: Services) -> None:
    """Moto drops SnapStart, DeadLetterConfig and LoggingConfig; updates drop five settings more.

    It checks neither runtime, architecture, timeout, memory nor environment.
    """
    from moto.awslambda.models import LambdaBackend, LambdaFunction

    create, configure, describe = (
        LambdaBackend.create_function,
        LambdaFunction.update_configuration,
        LambdaFunction.get_configuration,
    )

    def create_function(self: Any, spec: dict[str, Any]) -> Any:
        with worded_by_lambda():
            limits.check_specification({"Architectures": ["x86_64"], **spec}, services.machine)
            _check_snap_start(spec)
        _tell_of_vpc(spec)
        publish = bool(spec.get("Publish"))
        function = create(self, {**spec, "Publish": False})
        _keep(function, spec)
        services.prepare(snapshot_of(function))
        return self.publish_version(function.function_name) if publish else function

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        with worded_by_lambda():
            limits.check_specification(config_updates, services.machine)
            _check_snap_start({**_as_it_is(self), **config_updates})
        _tell_of_vpc(config_updates)
        configure(self, config_updates)
        _keep(self, config_updates)
        with worded_by_lambda():
            layers = sum(limits.unzipped_size(layer.code_bytes) for layer in layer_versions_of(self))
            limits.check_archive(self.code_bytes, layers)
        services.retire(f"{self.function_arn}:{LATEST}")
        services.prepare(snapshot_of(self))
        return self.get_configuration()

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = describe(self, on_create)
        shown |= _snap_start(self, services)
        letters = getattr(self, "dead_letter_config", None)
        if letters and letters.get("TargetArn"):
            shown["DeadLetterConfig"] = letters
        chosen = getattr(self, "logging_config", None) or {}
        group = f"/aws/lambda/{self.function_name}"
        shown["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": group, **chosen}
        return shown

    LambdaBackend.create_function = create_function
    LambdaFunction.update_configuration = update_configuration
    LambdaFunction.get_configuration = get_configuration


def _keep(function: Any, spec: Mapping[str, Any]) -> None:
    """Keep what moto drops. Always new objects: published versions share the old ones."""
    if "EphemeralStorage" in spec:
        function.ephemeral_storage = int(spec["EphemeralStorage"]["Size"])
    for name, attribute in _KEPT.items():
        if name in spec:
            setattr(function, attribute, spec[name])


def _as_it_is(function: Any) -> dict[str, Any]:
    """What of a function bears on its SnapStart setting."""
    return {
        "EphemeralStorage": {"Size": function.ephemeral_storage},
        "Runtime": function.run_time,
        "SnapStart": {"ApplyOn": _apply_on(function)},
    }


def _apply_on(function: Any) -> str:
    return str((getattr(function, "snap_start", None) or {}).get("ApplyOn", "None"))


def _check_snap_start(spec: Mapping[str, Any]) -> None:
    apply_on = (spec.get("SnapStart") or {}).get("ApplyOn", "None")
    storage = (spec.get("EphemeralStorage") or {}).get("Size", limits.SNAP_START_STORAGE)
    limits.check_snap_start(apply_on, spec.get("Runtime", ""), int(storage))


def _snap_start(function: Any, services: Services) -> dict[str, Any]:
    """A version's part of the answer; $LATEST has the setting, and no snapshot."""
    apply_on, version = _apply_on(function), str(function.version)
    if version == LATEST or apply_on == "None":
        return {"SnapStart": {"ApplyOn": apply_on, "OptimizationStatus": "Off"}}
    found = services.snap_starts.state_of(snapshot_of(function).arn)
    reasons = {"StateReason": found.reason, "StateReasonCode": found.code}
    return {
        "SnapStart": {"ApplyOn": apply_on, "OptimizationStatus": "On"},
        "State": found.state,
        **{name: text for name, text in reasons.items() if text},
    }


_KEPT = {
    "DeadLetterConfig": "dead_letter_config",
    "KMSKeyArn": "kms_key_arn",
    "LoggingConfig": "logging_config",
    "SnapStart": "snap_start",
    "TracingConfig": "tracing_config",
}


def _tell_of_vpc(spec: Mapping[str, Any]) -> None:
    if (spec.get("VpcConfig") or {}).get("SubnetIds"):
        _log.warning("function %s: VpcConfig is kept and does nothing here", spec.get("FunctionName", ""))


PATCH = Patch(
    "lambda-configuration",
    (
        Target("moto.awslambda.models", "LambdaBackend.create_function", "dea879c1b1bc"),
        Target("moto.awslambda.models", "LambdaFunction.update_configuration", "eca1cdec066f"),
        Target("moto.awslambda.models", "LambdaFunction.get_configuration", "803fb04bffde"),
    ),
    _apply,
)
