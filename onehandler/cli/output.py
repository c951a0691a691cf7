"""How commands talk: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")


def errors() -> Console:
    """Where progress and warnings go."""
    return Console(stderr=True, highlight=False)


def results() -> Console:
    """Where tables go."""
    return Console(highlight=False)


def print_json(value: Any) -> None:
    """One object on one line."""
    click.echo(json.dumps(value))
