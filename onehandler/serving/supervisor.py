"""What the parent of the workers becomes once they run: `python -m onehandler.serving.supervisor STATE`.

The process that has loaded the model replaces itself with this program, which needs 11 MB in place of 55. The
workers stay its children, and share among themselves what they were forked with. One that dies is started as a
program of its own (worker.py).
"""

from __future__ import annotations

import json
import os
import sys

from onehandler.errors import OnehandlerError
from onehandler.serving.workers import Ties, Workers
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

_REFUSED = 2  # exit code, as the command's own
_TIES = Ties.__slots__


def become_supervisor(
    bundle: str, ties: Ties, drain: float, running: Mapping[int, int], environ: Mapping[str, str]
) -> NoReturn:
    """Replace this process; its id, its children, blocked signals and the descriptors of `ties` stay."""
    state = {
        "bundle": bundle,
        "drain": drain,
        "ties": {name: getattr(ties, name) for name in _TIES},
        "running": {str(number): pid for number, pid in running.items()},
    }
    for name in ("listener", "counts", "metrics", "lifeline", "anchor"):
        os.set_inheritable(getattr(ties, name), True)
    sys.stdout.flush()
    sys.stderr.flush()
    words = [sys.executable, "-m", "onehandler.serving.supervisor", json.dumps(state)]
    os.execve(words[0], words, dict(environ))  # noqa: S606 - our own program


class Spawning:
    """Implements onehandler.serving.workers.Start: a program of its own for each."""

    def __init__(self, bundle: str, ties: Ties, drain: float) -> None:
        self._state: dict[str, Any] = {
            "bundle": bundle,
            "drain": drain,
            "ties": {name: getattr(ties, name) for name in _TIES},
        }

    def __call__(self, number: int, report: int, private: Sequence[int]) -> int:
        """Start it. No descriptor in `private` is inheritable."""
        del private
        os.set_inheritable(report, True)
        state = json.dumps({**self._state, "number": number, "report": report})
        words = [sys.executable, "-m", "onehandler.serving.worker", state]
        return os.posix_spawn(words[0], words, os.environ)


def main(words: Sequence[str]) -> int:
    """Supervise the workers that STATE names. Gives the exit code."""
    state = json.loads(words[0])
    ties = Ties(**state["ties"])
    os.set_inheritable(ties.anchor, False)  # the parent's alone
    running = {int(number): pid for number, pid in state["running"].items()}
    start = Spawning(state["bundle"], ties, state["drain"])
    workers = Workers(start, ties, state["drain"], Telemetry.of(Settings(os.environ)), running)
    try:
        workers.run(lambda _: None)
    except OnehandlerError as error:
        sys.stderr.write(f"error: {error}\n")
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
