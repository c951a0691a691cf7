"""How commands talk: results on standard output, everything else on standard error.

Neither has colours, nor moving progress, where it is not a terminal.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
bundle_argument = click.argument("bundle", type=click.Path(exists=True))


def errors() -> Console:
    """Where progress and warnings go."""
    from rich.console import Console  # 30 ms, which the help needs not wait for

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def results() -> Console:
    """Where tables go. Names of columns and shapes are full of [brackets]: no markup."""
    from rich.console import Console  # see errors()

    return Console(highlight=False, markup=False, emoji=False)


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """Show that something is being done, and what, for the length of a with block."""
    with errors().status(doing) as status:
        yield status.update


def warn(text: str) -> None:
    """One warning."""
    errors().print(f"warning: {text}", style="yellow", soft_wrap=True)


def print_json(value: Any) -> None:
    """One object on one line, NaN and infinities spelled out by whoever made it."""
    click.echo(json.dumps(value, allow_nan=False))
