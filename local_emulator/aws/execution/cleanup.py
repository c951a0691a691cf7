"""Ends what a vanished executor left: every process of its instances, and its folder.

Runs as a program of its own, `python -I -S cleanup.py FOLDER`, started by warden.py. It reads lines "+PID" and
"-PID" (process groups that began and ended) from standard input, whose other end only the executor holds; when
that closes, for whatever reason, it kills, deletes and ends. Imports nothing of this repository.
"""

from __future__ import annotations

import os
import signal
import sys

_ROUNDS = 20  # a process that forks while it is being looked for is found in the next round


def main(folder: str) -> None:
    """Wait for the end of standard input, then leave nothing behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
    for group in groups:
        _kill_group(group)
    _kill_strays(os.fsencode(folder))
    remove_tree(folder)


def remove_tree(folder: str) -> None:
    """Delete a folder, read-only folders in it included. A folder that isn't there is fine."""
    import shutil  # 10 ms that the warden need not pay before it is wanted

    for parent, names, _ in os.walk(folder):
        os.chmod(parent, 0o700)  # noqa: PTH101 - pathlib is kept out of the warden
        for path in (os.path.join(parent, name) for name in names):  # noqa: PTH118
            if not os.path.islink(path):  # noqa: PTH114 - a link's target is somebody else's
                os.chmod(path, 0o700)  # noqa: PTH101 - or it might not even be listed
    shutil.rmtree(folder, ignore_errors=True)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _kill_strays(folder: bytes) -> None:
    """Kill what left its process group, or started too late to be reported: LAMBDA_TASK_ROOT gives it away."""
    for _ in range(_ROUNDS):
        strays = [pid for pid in _other_processes() if folder in _environment(pid)]
        if not strays:
            return
        for pid in strays:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue


def _other_processes() -> list[int]:
    own = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != own]  # noqa: PTH208


def _environment(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:  # gone, or another user's
        return b""


if __name__ == "__main__":
    main(sys.argv[1])
