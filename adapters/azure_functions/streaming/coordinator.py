"""The runtime's own record of the requests under way, which it never empties."""

from __future__ import annotations

import sys
from typing import Any

# Of Python 3.13's worker and of the one before.
_RUNTIMES = ("azure_functions_runtime.http_v2", "azure_functions_worker.http_v2")


def forget(invocation_id: str) -> None:
    """Drop what the runtime keeps of an invocation whose response it has given us.

    It would keep two events for ever: 2.2 KB a request, 2 GB a million (azure-functions-runtime 1.3.0). Where it keeps
    them elsewhere, nothing is done.
    """
    for name in _RUNTIMES:
        coordinator: Any = getattr(sys.modules.get(name), "http_coordinator", None)
        kept = getattr(coordinator, "_context_references", None)
        if isinstance(kept, dict):
            kept.pop(invocation_id, None)
