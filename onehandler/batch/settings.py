"""What the deployment tells the batch functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """ONEHANDLER_BATCH_RESULTS (bucket), _QUEUE (URL), _LEDGER (table), _CHUNK_MB (8), _STALLED_S (3600)."""

    results: str
    queue: str
    ledger: str
    chunk_bytes: int
    stalled: float  # seconds without a chunk done, after which the others are sent again

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> BatchSettings:
        """Read the environment; SettingsError names the variable that is missing or makes no sense."""
        names = ("ONEHANDLER_BATCH_RESULTS", "ONEHANDLER_BATCH_QUEUE", "ONEHANDLER_BATCH_LEDGER")
        for name in names:
            if not environ.get(name):
                raise SettingsError("must be set; serverless.yml and iac/azure set it", where=name)
        results, queue, ledger = (environ[name] for name in names)
        megabytes = _number(environ, "ONEHANDLER_BATCH_CHUNK_MB", 8, 0.015625, 64)
        stalled = _number(environ, "ONEHANDLER_BATCH_STALLED_S", 3600, 1, 86400)
        return cls(results, queue, ledger, int(megabytes * _MEGABYTE), stalled)


def _number(environ: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = environ.get(name) or str(default)
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not least <= found <= most:
        raise SettingsError(f"must be a number from {least:g} to {most:g}", where=name)
    return found
