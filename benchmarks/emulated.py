"""The emulator for what is measured on it."""

from __future__ import annotations

import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from examples.demo import deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def emulator(log: Path) -> Iterator[str]:
    """Run it, boto3 set for it, and give its URL. What deploying says goes to standard error: it is no report."""
    with (
        redirect_stdout(sys.stderr),
        deployment.emulator(log) as endpoint,
        deployment.talking_to(endpoint),
    ):
        yield endpoint
