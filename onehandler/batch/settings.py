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
    """ONEHANDLER_BATCH_RESULTS (bucket), _QUEUE (URL), _LEDGER (table), _CHUNK_MB (8)."""

    results: str
    queue: str
    ledger: str
    chunk_bytes: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> BatchSettings:
        """Read the environment; SettingsError names the variable that is missing or makes no sense."""
        names = ("ONEHANDLER_BATCH_RESULTS", "ONEHANDLER_BATCH_QUEUE", "ONEHANDLER_BATCH_LEDGER")
        for name in names:
            if not environ.get(name):
                raise SettingsError("must be set; serverless.yml sets it", where=name)
        megabytes = environ.get("ONEHANDLER_BATCH_CHUNK_MB", "8")
        if not megabytes.isdecimal() or not 1 <= int(megabytes) <= 64:
            raise SettingsError("must be a whole number from 1 to 64", where="ONEHANDLER_BATCH_CHUNK_MB")
        results, queue, ledger = (environ[name] for name in names)
        return cls(results, queue, ledger, int(megabytes) * _MEGABYTE)
