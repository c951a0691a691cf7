"""How many CPUs this process may use: what it is bound to, and what its control groups grant it.

Sources: sched_getaffinity(2); cpu.max in the kernel's cgroup-v2.rst; cpu.cfs_quota_us in sched-bwc.rst (v1).
"""

from __future__ import annotations

import os
from math import ceil
from typing import TYPE_CHECKING

from onehandler.serving.cgroups import MOUNT, PROC, folders, read

if TYPE_CHECKING:
    from pathlib import Path


def usable_cpus(proc: Path = PROC, mount: Path = MOUNT) -> int:
    """At least 1. A quota of 1.5 CPUs counts as 2: one worker could not use it up."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(proc, mount)
    return max(1, bound if quota is None else min(bound, ceil(quota)))


def cpu_quota(proc: Path, mount: Path) -> float | None:
    """The smallest quota of this process's control group and those above it, in CPUs; None without any."""
    found = [quota for folder in folders("cpu", proc, mount) if (quota := _quota(folder)) is not None]
    return min(found, default=None)


def _quota(folder: Path) -> float | None:
    words = read(folder / "cpu.max").split()
    if not words:
        words = [read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    if len(words) != 2 or not all(word.isdecimal() for word in words):  # "max" and -1: no limit
        return None
    return int(words[0]) / int(words[1])
