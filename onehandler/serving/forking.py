"""Workers forked from a process that has loaded what they serve, so that they share its memory."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from onehandler.serving.report import Report
from onehandler.serving.server import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onehandler.serving.workers import Ties


class Forking:
    """Implements onehandler.serving.workers.Start; `work` serves until told to end."""

    def __init__(self, work: Callable[[Place], None], ties: Ties) -> None:
        self._work = work
        self._ties = ties

    def __call__(self, number: int, report: int, private: Sequence[int]) -> int:
        """Fork."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            self._live(number, Report(report), private)
        return pid

    def _live(self, number: int, report: Report, private: Sequence[int]) -> None:
        """The child's whole life; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in private:
                os.close(descriptor)
            code = report.follow(lambda: self._work(Place.at(self._ties, number, report)))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
