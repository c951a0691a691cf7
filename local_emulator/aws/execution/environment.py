"""The environment variables that Lambda defines for a function.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution.errors import UnsupportedVariable

if TYPE_CHECKING:
    from pathlib import Path

    from local_emulator.aws.execution.code_store import Unpacked
    from local_emulator.aws.execution.contracts import FunctionSnapshot

# Only the emulator reads them, and it checks no signature; the account is what it tells callers apart by.
_SECRET = "emulator"  # noqa: S105 - not a secret
_PATHS = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")
# "Not available in Lambda SnapStart functions": one snapshot serves many streams.
_NOT_IN_SNAPSHOTS = ("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME")
_RESERVED_ELSEWHERE = frozenset({"_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_LAMBDA_METADATA_API"})
_UNSUPPORTED = {
    "AWS_LAMBDA_EXEC_WRAPPER": "wrapper scripts are written for AWS's file system and are not run here",
    "AWS_LAMBDA_MAX_CONCURRENCY": "several invocations in one instance are not emulated",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """What all instances of a function have in common."""

    function: FunctionSnapshot
    unpacked: Unpacked
    python: Path
    runtime_folder: Path  # the site-packages with the runtime client: AWS's /var/runtime
    endpoint_url: str


def log_group(function: FunctionSnapshot) -> str:
    """Give the log group, which is named after the function unless it says otherwise."""
    return function.log_group or f"/aws/lambda/{function.name}"


def base_environment(installation: Installation) -> dict[str, str]:
    """Give what is the same in every instance. Raises UnsupportedVariable."""
    function = installation.function
    reserved = _reserved(installation)
    own = dict(function.environment)
    _check(own, reserved.keys() | _RESERVED_ELSEWHERE, function.name)
    defaults = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": installation.endpoint_url,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "PATH": _joined(installation, ("bin",), "/usr/local/bin:/usr/bin:/bin"),
        "LD_LIBRARY_PATH": _library_path(installation),
    }
    local = {name: _local_path(value, installation) for name, value in own.items() if name in _PATHS}
    python_path = ":".join(filter(None, [_python_path(installation), local.pop("PYTHONPATH", "")]))
    made = {**defaults, **own, **local, "PYTHONPATH": python_path, **reserved}
    if function.snap_start:
        for name in _NOT_IN_SNAPSHOTS:
            del made[name]
    return made


def instance_environment(base: dict[str, str], api: str, stream: str, temporary: str) -> dict[str, str]:
    """Add what is one instance's own: its Runtime API (host:port), log stream and temporary folder."""
    made = {
        # HOME is the temporary folder too: the developer's own holds files that AWS has not, ~/.aws for one.
        "TMPDIR": temporary,
        "HOME": temporary,
        **base,
        "AWS_LAMBDA_RUNTIME_API": api,
    }
    if "AWS_LAMBDA_LOG_STREAM_NAME" in base:
        made["AWS_LAMBDA_LOG_STREAM_NAME"] = stream
    return made


def _reserved(installation: Installation) -> dict[str, str]:
    function = installation.function
    return {
        "_HANDLER": function.handler,
        "AWS_ACCESS_KEY_ID": function.account_id,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_SESSION_TOKEN": _SECRET,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if function.snap_start else "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": "",
        "AWS_LAMBDA_RUNTIME_API": "",
        "LAMBDA_TASK_ROOT": str(installation.unpacked.task),
        "LAMBDA_RUNTIME_DIR": str(installation.runtime_folder),
    }


def _check(own: dict[str, str], reserved: frozenset[str] | set[str], function: str) -> None:
    taken = sorted(own.keys() & reserved)
    if taken:
        raise UnsupportedVariable(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(taken)}"
        )
    for name in sorted(own.keys() & _UNSUPPORTED.keys()):
        raise UnsupportedVariable(
            f"function {function}: environment variable {name} is not supported by the emulator: "
            f"{_UNSUPPORTED[name]}; leave it out here"
        )


def _library_path(installation: Installation) -> str:
    task = str(installation.unpacked.task)
    return _joined(installation, ("lib",), f"{task}:{task}/lib")


def _python_path(installation: Installation) -> str:
    version = installation.function.runtime.removeprefix("python")
    task = str(installation.unpacked.task)
    layers = installation.unpacked.layers
    if layers is None:
        return task
    return f"{task}:{layers}/python/lib/python{version}/site-packages:{layers}/python"


def _joined(installation: Installation, in_layers: tuple[str, ...], rest: str) -> str:
    layers = installation.unpacked.layers
    return rest if layers is None else ":".join([*(f"{layers}/{name}" for name in in_layers), rest])


def _local_path(value: str, installation: Installation) -> str:
    """A search path for AWS's file system, for this one: /var/task and /opt are elsewhere here."""
    places = {"/var/task": installation.unpacked.task, "/opt": installation.unpacked.layers}
    return ":".join(_local_entry(entry, places) for entry in value.split(":"))


def _local_entry(entry: str, places: dict[str, Path | None]) -> str:
    for prefix, place in places.items():
        if place is not None and (entry == prefix or entry.startswith(f"{prefix}/")):
            return f"{place}{entry.removeprefix(prefix)}"
    return entry
