"""The environment variables of a worker: the app settings, and what Azure defines besides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from local_emulator.azure.workers.worker import HOST_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Of the developer's own environment nothing else gets in: on Azure it would be missing.
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")


def worker_environment(settings: Mapping[str, str], app: Path, home: Path, address: str) -> dict[str, str]:
    """Give a worker's whole environment; `home` is a folder of its own, `address` the host's host:port."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(home),
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "HOST_VERSION": HOST_VERSION,
        "WEBSITE_HOSTNAME": address,
        "WEBSITE_SITE_NAME": "emulator",
        "WEBSITE_INSTANCE_ID": "emulator",
        **settings,
        "AzureWebJobsScriptRoot": str(app),
    }
