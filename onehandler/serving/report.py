"""What a worker tells its parent about its start: one message through a pipe."""

from __future__ import annotations

import os
import sys

from onehandler.errors import OnehandlerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READY = b"\n"  # it takes connections; whatever else it says is why it cannot
LONGEST = 4096  # bytes of a message


class Report:
    """The worker's end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, message: bytes) -> bool:
        """Send it; False if something was said before."""
        if self._descriptor < 0:
            return False
        descriptor, self._descriptor = self._descriptor, -1
        os.write(descriptor, message[:LONGEST])
        os.close(descriptor)
        return True

    def follow(self, work: Callable[[], None]) -> int:
        """Do a worker's work, and report what kept it from starting. Gives the process's exit code."""
        try:
            work()
        except OnehandlerError as error:
            self._failed(str(error))
        except BaseException as error:  # noqa: BLE001 - the process ends here, whatever it was
            self._failed(f"{type(error).__name__}: {error}")
        else:
            return 0
        return 1

    def _failed(self, words: str) -> None:
        if not self.say(words.encode()):
            sys.stderr.write(f"a worker failed: {words}\n")
