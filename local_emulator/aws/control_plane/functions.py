"""Functions as moto keeps them, turned into the snapshots that execution runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.execution.contracts import FunctionSnapshot
from local_emulator.aws.front.ports import FoundFunction, FunctionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.control_plane.log_sink import LogHomes

LATEST = "$LATEST"


class MotoFunctions:
    """Finds functions, versions and aliases in moto's backends.

    `draw` gives a number in [0, 1) for each invocation of an alias that has weights.
    """

    def __init__(self, draw: Callable[[], float], homes: LogHomes) -> None:
        # Here, not above: moto takes half a second to import.
        from moto.awslambda.models import lambda_backends

        self._backends = lambda_backends
        self._draw = draw
        self._homes = homes

    def find(self, account_id: str, region: str, name: str, qualifier: str | None) -> FoundFunction:
        """Find by bare name, and version or alias (None: $LATEST). Raises FunctionNotFoundError."""
        storage = self._storage(account_id, region)
        if storage is None or name not in storage["_functions"]:
            raise FunctionNotFoundError(f"{account_id}/{region}: no function {name}")
        group = storage["_functions"][name]
        latest = group["latest"]
        function = self._qualified(storage, group, name, qualifier)
        if function is None:
            raise FunctionNotFoundError(f"{account_id}/{region}: no {name}:{qualifier}")
        snapshot = snapshot_of(function)
        self._homes.note(snapshot)
        reserved = None if latest is None else latest.reserved_concurrency
        return FoundFunction(snapshot, None if reserved is None else int(reserved))

    def _storage(self, account_id: str, region: str) -> dict[str, Any] | None:
        try:
            backend = self._backends[account_id][region]
        except KeyError:  # no such region
            return None
        storage: dict[str, Any] = vars(vars(backend)["_lambdas"])
        return storage

    def _qualified(self, storage: dict[str, Any], group: Any, name: str, qualifier: str | None) -> Any:
        if qualifier is None or qualifier == LATEST:
            return group["latest"]
        if qualifier.isdecimal():
            return _version(group, qualifier)
        for arn, aliases in list(storage["_aliases"].items()):
            if arn.rpartition(":")[2] == name and qualifier in aliases:
                wanted = chosen_version(aliases[qualifier], self._draw)
                return group["latest"] if wanted == LATEST else _version(group, wanted)
        return None


def chosen_version(alias: Any, draw: Callable[[], float]) -> str:
    """Choose the version that an alias sends this invocation to, by its weights."""
    weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
    if weights:
        drawn = draw()
        for version, weight in weights.items():
            if drawn < float(weight):
                return str(version)
            drawn -= float(weight)
    return str(alias.function_version)


def snapshot_of(function: Any) -> FunctionSnapshot:
    """Make a snapshot of a function or a version of moto's, its layers included."""
    version = str(function.version)
    arn = (
        f"arn:aws:lambda:{function.region}:{function.account_id}:function:{function.function_name}:{version}"
    )
    layers = layer_versions_of(function)
    variables = function.environment_vars or {}
    logging = getattr(function, "logging_config", None) or {}
    return FunctionSnapshot(
        arn=arn,
        name=function.function_name,
        version=version,
        handler=function.handler or "",
        runtime=function.run_time or "",
        memory_mb=int(function.memory_size),
        timeout_s=float(function.timeout),
        region=function.region,
        account_id=function.account_id,
        code_sha256=function.code_sha_256,
        layer_sha256s=tuple(layer.code_sha_256 for layer in layers),
        environment=tuple(sorted((str(name), str(value)) for name, value in variables.items())),
        ephemeral_storage_mb=int(function.ephemeral_storage),
        snap_start=version != LATEST and _snap_starts(function),
        log_group=logging.get("LogGroup", ""),
        code=function.code_bytes,
        layers=tuple(layer.code_bytes for layer in layers),
    )


def layer_versions_of(function: Any) -> tuple[Any, ...]:
    """Give the layer versions that a function was configured with, deleted ones included."""
    return tuple(vars(function).get("resolved_layers", ()))


def _snap_starts(function: Any) -> bool:
    settings = getattr(function, "snap_start", None) or {}
    return settings.get("ApplyOn") == "PublishedVersions"


def _version(group: Any, version: str) -> Any:
    return next((each for each in group["versions"] if str(each.version) == version), None)
