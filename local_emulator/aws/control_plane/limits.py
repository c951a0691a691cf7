"""What Lambda accepts of a function, in the words of its errors. Knows nothing of moto."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.control_plane.machine import Machine

DIRECT_UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes zipped; more has to come from S3
UNZIPPED_LIMIT = 262_144_000  # bytes, the layers included
MOST_LAYERS = 5
ENVIRONMENT_LIMIT = 4096  # bytes of names and values
SNAP_START_STORAGE = 512  # MB of /tmp, at most
_WITHOUT_SNAP_START = frozenset({"python3.11"})  # of those that can run here
_TIMEOUTS = range(1, 901)  # seconds
_MEMORY = range(128, 10_241)  # MB
# What of a specification has a meaning here; VpcConfig is kept and does nothing.
_ACCEPTED = frozenset(
    {
        "Architectures",
        "Code",
        "DeadLetterConfig",
        "Description",
        "Environment",
        "EphemeralStorage",
        "FunctionName",
        "Handler",
        "KMSKeyArn",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "PackageType",
        "Publish",
        "RevisionId",
        "Role",
        "Runtime",
        "SnapStart",
        "Tags",
        "Timeout",
        "TracingConfig",
        "VpcConfig",
    }
)
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)


class InvalidFunction(Exception):
    """Lambda would answer InvalidParameterValueException, with this message."""


class CodeTooLarge(Exception):
    """Lambda would answer RequestEntityTooLargeException, with this message."""


def check_specification(spec: Mapping[str, Any], machine: Machine) -> None:
    """Check what a request says of a function; keys that it leaves out are not looked at."""
    if spec.get("PackageType", "Zip") != "Zip":
        raise InvalidFunction(
            "PackageType Image is not supported by the emulator, which runs functions without containers: "
            "deploy a zip archive here"
        )
    unknown = sorted(name for name, value in spec.items() if value and name not in _ACCEPTED)
    if unknown:
        raise InvalidFunction(
            f"{', '.join(unknown)} of a function is not supported by the emulator: leave it out of what you "
            "deploy here"
        )
    if "Runtime" in spec and spec["Runtime"] not in machine.runtimes:
        raise InvalidFunction(
            f"Value {spec['Runtime']} at 'runtime' is not supported by the emulator on this machine: it runs "
            f"{', '.join(machine.runtimes) or 'none'}"
        )
    if spec.get("Architectures"):
        check_architecture(spec["Architectures"][0], machine)
    _check_range(spec, "Timeout", "timeout", _TIMEOUTS)
    _check_range(spec, "MemorySize", "memorySize", _MEMORY)
    _check_environment((spec.get("Environment") or {}).get("Variables") or {})


def check_snap_start(apply_on: str, runtime: str, storage_mb: int) -> None:
    """Check a function's SnapStart setting together with what it excludes."""
    if apply_on not in ("PublishedVersions", "None"):
        raise InvalidFunction(
            f"1 validation error detected: Value '{apply_on}' at 'snapStart.applyOn' failed to satisfy constraint: "
            "Member must satisfy enum value set: [PublishedVersions, None]"
        )
    if apply_on == "None":
        return
    if runtime in _WITHOUT_SNAP_START:
        raise InvalidFunction(f"{runtime} is not supported for SnapStart enabled functions.")
    if storage_mb > SNAP_START_STORAGE:
        raise InvalidFunction(
            f"Ephemeral storage of {storage_mb} MB is not supported for SnapStart enabled functions: "
            f"at most {SNAP_START_STORAGE} MB."
        )


def check_architecture(architecture: str, machine: Machine) -> None:
    """Refuse code for another instruction set than this machine's: its libraries would not load."""
    if architecture != machine.architecture:
        raise InvalidFunction(
            f"Architecture {architecture} cannot run on this machine, which is {machine.architecture}: "
            f"deploy the function here with Architectures [{machine.architecture}] "
            f"(serverless.yml: architecture: {machine.architecture}) and libraries built for it"
        )


def check_archive(archive: bytes, layers_unzipped: int) -> int:
    """Check a code or layer archive by its table of contents; give its unzipped size in bytes."""
    size = unzipped_size(archive)
    if size >= UNZIPPED_LIMIT:
        raise InvalidFunction(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    if layers_unzipped and size + layers_unzipped > UNZIPPED_LIMIT:
        raise InvalidFunction(
            f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_LIMIT} bytes. "
            f"The actual size is {size + layers_unzipped} bytes."
        )
    return size


def check_upload(size: int, operation: str) -> None:
    """Check the size of an archive that is in the request itself."""
    if size > DIRECT_UPLOAD_LIMIT:
        raise CodeTooLarge(
            f"Request must be smaller than {DIRECT_UPLOAD_LIMIT * 4 // 3} bytes for the {operation} operation"
            f": the archive has {size} bytes, and more than {DIRECT_UPLOAD_LIMIT} have to come from S3"
        )


def check_layers(arns: list[str]) -> None:
    """Check number and identity of a function's layers."""
    if len(arns) > MOST_LAYERS:
        raise InvalidFunction(f"Cannot reference more than {MOST_LAYERS} layers.")
    if len({arn.rpartition(":")[0] for arn in arns}) < len(arns):
        raise InvalidFunction(
            "Two different versions of the same layer are not allowed to be referenced in the same function."
        )


def unzipped_size(archive: bytes) -> int:
    """Sum the sizes that the archive declares, in bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return sum(entry.file_size for entry in opened.infolist())
    except zipfile.BadZipFile as error:
        raise InvalidFunction(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error


def _check_range(spec: Mapping[str, Any], name: str, path: str, accepted: range) -> None:
    value = spec.get(name)
    if value is not None and int(value) not in accepted:
        raise InvalidFunction(
            f"Value {value} at '{path}' failed to satisfy constraint: "
            f"it must be from {accepted.start} to {accepted.stop - 1}"
        )


def _check_environment(variables: Mapping[str, str]) -> None:
    reserved = sorted(_RESERVED & variables.keys())
    if reserved:
        raise InvalidFunction(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > ENVIRONMENT_LIMIT:
        raise InvalidFunction(
            "Lambda was unable to configure your environment variables because the environment variables you "
            f"have provided exceeded the 4KB limit. They have {size} bytes."
        )
