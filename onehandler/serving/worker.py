"""A worker on its own, in the place of one that died: `python -m onehandler.serving.worker STATE`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from onehandler.serving.loading import what_is_served
from onehandler.serving.report import Report
from onehandler.serving.server import Place
from onehandler.serving.settings import ServingSettings
from onehandler.serving.startup import serve_at
from onehandler.serving.workers import Ties
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> int:
    """Serve at the place that STATE names. Gives the exit code."""
    state = json.loads(words[0])
    report = Report(state["report"])
    return report.follow(lambda: _serve(state, report))


def _serve(state: dict[str, Any], report: Report) -> None:
    ties = Ties(**state["ties"])
    place = Place.at(ties, state["number"], report)
    served = what_is_served(state["bundle"], Settings(os.environ), ServingSettings.read(os.environ))
    serve_at(place, served, state["drain"])


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # without waiting for threads that the drain has given up
