"""The demo's model and bundle, made once for all benchmarks, in a folder of theirs: a demo may run at the same time."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from examples.demo import model

FOLDER = Path("build/bench/demo")
JOBLIB = FOLDER / model.JOBLIB.name
SAMPLE = FOLDER / model.SAMPLE.name
HOLDOUT = FOLDER / model.HOLDOUT.name
ROWS = FOLDER / model.ROWS.name
BUNDLE = FOLDER / model.BUNDLE.name


def ensure_bundle() -> None:
    """Train and build unless that was done, saying nothing. Of several processes at once, the first one's is kept."""
    if FOLDER.exists():
        return
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=FOLDER.parent) as unfinished:
        made = Path(unfinished) / FOLDER.name
        _python("-m", "examples.tabular.train", str(made))
        build(made / JOBLIB.name, made / SAMPLE.name, BUNDLE.name, made)
        try:
            made.rename(FOLDER)
        except OSError:
            if not FOLDER.exists():
                raise


def build(joblib: Path, sample: Path, name: str, out: Path) -> None:
    """What `onehandler build` makes of a model, as `out`/`name`. Raises RuntimeError with what it says."""
    options = ["--sample", str(sample), "--name", name, "--out", str(out)]
    _python("-m", "onehandler.cli.main", "build", str(joblib), *options)


def _python(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} says {done.stdout}{done.stderr}")
