"""Runs a script in a fresh interpreter, so that crashes, hangs and memory are its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[3]


def run_python(script: str, *options: str, **environment: str) -> str:
    """The script's output, both streams; fails when it crashes, hangs for three minutes or ends in an error."""
    done = subprocess.run(
        [sys.executable, *options, "-c", dedent(script)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}"
    return done.stdout.strip()
