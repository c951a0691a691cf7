"""Folders of the control groups that this process is in, whose files say what it may use.

Source: cgroups(7). Version 2 has one hierarchy; in version 1 each controller has its own below the mount.
"""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc/self/cgroup")
MOUNT = Path("/sys/fs/cgroup")


def folders(controller: str, proc: Path, mount: Path) -> list[Path]:
    """The group of a controller ("cpu", "memory") that this process is in, and those above it.

    `proc` lists the groups (/proc/self/cgroup), `mount` is where their files are. Inside a container the listed
    path may be the host's, which isn't there: the mount's own root then says what counts.
    """
    found = [mount, mount / controller]
    for line in read(proc).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            top = mount / controllers
            group = top / path.lstrip("/")
            found += [top, *(each for each in (group, *group.parents) if each.is_relative_to(top))]
    return found


def read(path: Path) -> str:
    """A file's content, "" where there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""
