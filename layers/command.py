"""What the build commands share: options, and errors without a traceback."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from layers.errors import BuildError
from layers.target import PLATFORMS, PYTHONS
from onehandler.errors import OnehandlerError

_Command = TypeVar("_Command", bound=Callable[..., Any])


def machine_arch() -> str:
    """This machine's architecture in Lambda's words."""
    found = platform.machine().lower()
    names = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "amd64": "x86_64"}
    if found not in names:
        raise BuildError(f"Lambda does not run on {found!r}; say --arch {' or '.join(PLATFORMS)}")
    return names[found]


def target_options(command: _Command) -> _Command:
    """Add --arch, --python, --out and --json."""
    options = [
        click.option("--arch", default=None, help="x86_64 or arm64.  [default: this machine's]"),
        click.option("--python", default="3.13", show_default=True, help=f"One of {', '.join(PYTHONS)}."),
        click.option(
            "--out", default=Path("build/aws"), show_default=True, type=click.Path(path_type=Path),
            help="Folder for the archives.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the size ledger as one JSON object."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def to_stderr(text: str) -> None:
    """Progress for people, out of the way of what is printed for scripts."""
    click.echo(text, err=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what was refused on standard error and exit with 1."""
    try:
        yield
    except OnehandlerError as error:
        raise click.ClickException(str(error)) from None
