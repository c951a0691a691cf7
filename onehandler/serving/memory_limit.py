"""How much memory this process may use: what its control groups grant it, else what the machine has.

Sources: memory.max in the kernel's cgroup-v2.rst; memory.limit_in_bytes in memory.rst (v1); proc_meminfo(5).
"""

from __future__ import annotations

from pathlib import Path

from onehandler.serving.cgroups import MOUNT, PROC, folders, read

_MEMINFO = Path("/proc/meminfo")
_KILOBYTE = 1024


def memory_limit(proc: Path = PROC, mount: Path = MOUNT, meminfo: Path = _MEMINFO) -> int | None:
    """The least of all limits, in bytes; None where the system tells none."""
    files = ("memory.max", "memory.limit_in_bytes")
    texts = [read(folder / name).strip() for folder in folders("memory", proc, mount) for name in files]
    limits = [int(text) for text in texts if text.isdecimal()]  # not "max"
    for line in read(meminfo).splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":  # version 1 says an enormous number where there is no limit
            limits.append(int(value.split()[0]) * _KILOBYTE)
    return min(limits, default=None)
