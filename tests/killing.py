"""SIGKILL for processes that may end by themselves."""

from __future__ import annotations

import os
import signal


def kill(pid: int) -> bool:
    """Whether it was there: what was listed a moment ago may have ended since, and been reaped."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
