"""These tests need an environment of their own: `make test-sagemaker-sdk` runs them, plain pytest leaves them out.

The emulator is a process of the checkout's own environment, which the SDK's has not: its Python is EMULATOR_PYTHON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore_glob = [] if find_spec("sagemaker") else ["test_*.py"]
_ROOT = Path(__file__).parents[2]
_PYTHON = os.environ.get("EMULATOR_PYTHON", sys.executable)
_BUNDLES = """
import sys
from pathlib import Path
from tests import bundles
for version in ("1", "2"):
    bundles.build("iris", Path(sys.argv[1]) / version, version=version)
"""


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two versions of a classifier of flowers, by version."""
    folder = tmp_path_factory.mktemp("bundles")
    subprocess.run([_PYTHON, "-c", _BUNDLES, str(folder)], cwd=_ROOT, check=True)
    return {version: folder / version / "iris" for version in ("1", "2")}


@pytest.fixture(scope="session", autouse=True)
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulator's URL; the environment's clients, the SDK's among them, speak to it."""
    command = [_PYTHON, "-m", "onehandler.cli.main", "emulate", "--port", "0", "--json"]
    command += ["--data", str(tmp_path_factory.mktemp("emulator"))]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        url: str = told["endpoint"]
        settings = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        }
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            yield url
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            process.terminate()
            process.wait(60)
