"""moto publishes layers without looking at them, and functions lose theirs when a layer is deleted."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from local_emulator.aws.control_plane import limits
from local_emulator.aws.moto_patches.lambda_code import read_archive
from local_emulator.aws.moto_patches.lambda_errors import worded_by_lambda
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """Moto checks neither the size nor the number of layers, and looks them up by ARN at every use.

    On AWS a function keeps the layers that it was configured with, also when the layer version is deleted,
    which a second deployment does to those of the first.
    """
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.awslambda.models import LambdaBackend, LambdaFunction
    from moto.awslambda.utils import get_backend

    publish = LambdaBackend.publish_layer_version

    def publish_layer_version(self: Any, spec: dict[str, Any]) -> Any:
        with worded_by_lambda():
            archive = read_archive(self.account_id, self.partition, spec["Content"], "PublishLayerVersion")
            limits.check_archive(archive, 0)
        # The archive itself, because moto ignores S3ObjectVersion.
        return publish(self, {**spec, "Content": {"ZipFile": base64.b64encode(archive).decode()}})

    def get_layers_data(self: Any, layers_versions_arns: list[str]) -> list[dict[str, Any]]:
        with worded_by_lambda():
            limits.check_layers(layers_versions_arns)
        backend = get_backend(self.account_id, self.region)
        kept = {layer.arn: layer for layer in vars(self).get("resolved_layers", ())}
        layers = []
        for arn in layers_versions_arns:
            layer = kept.get(arn) or backend.layers_versions_by_arn(arn)
            if layer is None:
                raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
            layers.append(layer)
        self.resolved_layers = tuple(layers)
        return [{"Arn": layer.arn, "CodeSize": layer.code_size} for layer in layers]

    LambdaBackend.publish_layer_version = publish_layer_version
    LambdaFunction._get_layers_data = get_layers_data  # noqa: SLF001 - the one place that resolves layers


PATCH = Patch(
    "lambda-layers",
    (
        Target("moto.awslambda.models", "LambdaBackend.publish_layer_version", "7467ee838dc4"),
        Target("moto.awslambda.models", "LambdaFunction._get_layers_data", "dd2f13beb052"),
    ),
    _apply,
)
