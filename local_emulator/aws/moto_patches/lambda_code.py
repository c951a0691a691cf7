"""moto takes any code of any size for any machine."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from local_emulator.aws.control_plane import limits
from local_emulator.aws.control_plane.functions import LATEST, layer_versions_of, snapshot_of
from local_emulator.aws.moto_patches.lambda_errors import worded_by_lambda
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """Moto checks no size, ignores S3ObjectVersion and Architectures, and answers 500 for a missing object.

    UpdateFunctionCode sets the code twice, the second time on the version that it has just published.
    """
    from moto.awslambda.models import LambdaBackend, LambdaFunction

    def set_function_code(self: Any, updated_spec: dict[str, Any]) -> None:
        with worded_by_lambda():
            archive = read_archive(self.account_id, self.partition, updated_spec, "CreateFunction")
            layers = sum(limits.unzipped_size(layer.code_bytes) for layer in layer_versions_of(self))
            limits.check_archive(archive, layers)
        if updated_spec is not self.code and updated_spec.get("DryRun"):
            return
        digest = hashlib.sha256(archive)
        self.code_bytes, self.code_size = archive, len(archive)
        self.code_sha_256 = base64.b64encode(digest.digest()).decode()
        self.code_digest = digest.hexdigest()
        # A new object: published versions share the old one.
        self.code = {"UUID": str(uuid.uuid4()), "S3Key": f"{self.function_name}-{self.code_digest}"}

    def update_function_code(
        self: Any, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        function = self.get_function(function_name, qualifier)
        architectures = body.get("Architectures")
        with worded_by_lambda():
            limits.check_specification({"Architectures": architectures}, services.machine)
        before = function.code_sha_256
        function.update_function_code(body)
        if not body.get("DryRun"):
            function.architectures = architectures or function.architectures
            services.retire(f"{function.function_arn}:{LATEST}")
            services.prepare(snapshot_of(function))
        function.code_or_config_updated |= before != function.code_sha_256
        published = self.publish_version(function_name) if body.get("Publish") else function
        configuration: dict[str, Any] = published.get_configuration()
        return configuration

    LambdaFunction._set_function_code = set_function_code  # noqa: SLF001 - the one place that takes code
    LambdaBackend.update_function_code = update_function_code


def read_archive(account_id: str, partition: str, source: Mapping[str, Any], operation: str) -> bytes:
    """Read the zip archive that a request brings or names in S3."""
    if "ZipFile" in source:
        archive = base64.b64decode(source["ZipFile"])
        limits.check_upload(len(archive), operation)
        return archive
    if "S3Bucket" not in source or "S3Key" not in source:
        raise limits.InvalidFunction(
            f"the emulator takes code as ZipFile or S3Bucket and S3Key, not as {', '.join(sorted(source))}"
        )
    return _read_object(account_id, partition, source)


def _read_object(account_id: str, partition: str, source: Mapping[str, Any]) -> bytes:
    from moto.s3.exceptions import MissingBucket, MissingKey
    from moto.s3.models import s3_backends

    bucket, name, version = source["S3Bucket"], source["S3Key"], source.get("S3ObjectVersion")
    try:
        found = s3_backends[account_id][partition].get_object(bucket, name, version_id=version)
    except MissingBucket as error:
        raise _get_object_failed("NoSuchBucket", "The specified bucket does not exist", bucket) from error
    except MissingKey:
        found = None
    if found is None:
        raise _get_object_failed("NoSuchKey", "The specified key does not exist.", f"{bucket}/{name}")
    value: bytes = found.value
    return value


def _get_object_failed(code: str, message: str, name: str) -> limits.InvalidFunction:
    return limits.InvalidFunction(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message} ({name})"
    )


PATCH = Patch(
    "lambda-code",
    (
        Target("moto.awslambda.models", "LambdaFunction._set_function_code", "957d1b7dabb6"),
        Target("moto.awslambda.models", "LambdaBackend.update_function_code", "da42535db0cf"),
    ),
    _apply,
)
