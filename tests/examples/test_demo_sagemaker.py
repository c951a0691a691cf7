"""make demo-sagemaker's program: from a trained model to three kinds of answers, and nothing left running."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demo_does_all_three_and_cleans_up() -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo_sagemaker"],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for told in (
        "endpoint demo is InService",
        '["malignant","benign"]',
        '{"rows": 569, "transformed": 569, "answered later": 569}',
        "nothing is left running",
    ):
        assert told in done.stdout, f"{told!r} is not in\n{done.stdout}"
