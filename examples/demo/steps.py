"""Steps with their time, commands with their output, waits with progress: how the demo talks."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

console = Console(highlight=False)


class StepFailed(Exception):
    """A command of the demo failed; its output has been printed."""


def play(demo: Callable[[], object], *, ends: bool = True) -> None:
    """Run a whole demo: its time when it `ends` by itself; what failed, and exit code 1, when a step does."""
    began = time.perf_counter()
    try:
        demo()
    except StepFailed as error:
        console.print(f"[red]failed:[/red] {error}")
        sys.exit(1)
    if ends:
        console.print(f"\nDone in {time.perf_counter() - began:.0f} s; nothing is left running.")


@contextmanager
def step(number: int, title: str) -> Iterator[None]:
    """Print the step, then the seconds that it took."""
    console.print(f"\n[bold]{number}. {title}[/bold]")
    began = time.perf_counter()
    yield
    console.print(f"   [dim]{time.perf_counter() - began:.1f} s[/dim]")


def say(text: str) -> None:
    """Print below the step's title, as it is."""
    for line in text.rstrip().splitlines():
        console.print("   " + line, markup=False, soft_wrap=True)


def run(
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    *,
    shown: bool = True,
) -> str:
    """Show a command, run it, show what it prints (always when it fails), and give its standard output.

    Raises StepFailed.
    """
    say("$ " + shlex.join(_shown(command)))
    with console.status("running"):
        done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    if shown or done.returncode:
        say(done.stderr + done.stdout if done.returncode else done.stdout)
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines()
        raise StepFailed(f"{command[0]} ended with {done.returncode}: {' '.join(said[-3:])}")
    return done.stdout


def wait_until(check: Callable[[], bool], what: str, seconds: float) -> None:
    """Ask again until it is so. Raises StepFailed after so many seconds."""
    end = time.monotonic() + seconds
    with console.status(f"waiting for {what}"):
        while not check():
            if time.monotonic() > end:
                raise StepFailed(f"{what} did not come within {seconds:.0f} s")
            time.sleep(0.05)


def _shown(command: Sequence[str]) -> list[str]:
    """The command as a reader would type it."""
    names = {sys.executable: "python"}
    return [names.get(word, word) for word in command]
