from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from local_emulator.aws.execution.archive import unpack
from local_emulator.aws.execution.interpreters import Interpreters
from onehandler.pythons import this_version
from tests.budgets.starts import Deployed, Recorded, recorded
from tests.layers.conftest import archives

__all__ = ["archives"]

SERVERLESS = Path(__file__).parents[2] / "serverless.yml"


@pytest.fixture(scope="session")
def deployed(archives: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The predict function and its layers, unpacked as Lambda does."""
    root = tmp_path_factory.mktemp("deployed").resolve()
    for name, folder in (("predict", "task"), ("layer-onnx", "opt"), ("layer-web", "opt")):
        (root / folder).mkdir(exist_ok=True)
        unpack(archives[name].read_bytes(), root / folder)
    python = Interpreters().executable(f"python{this_version()}")
    predict = yaml.safe_load(SERVERLESS.read_text())["functions"]["predict"]
    python_path = predict.get("environment", {}).get("PYTHONPATH", "")
    return Deployed(python, root / "task", root / "opt", predict["handler"], python_path)


@pytest.fixture(scope="session")
def empty(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """A handler that does nothing: what is not ours."""
    task = tmp_path_factory.mktemp("empty")
    (task / "empty.py").write_text("def handler(event, context): return {'statusCode': 200}\n")
    return Deployed(deployed.python, task, task, "empty.handler")


@pytest.fixture(scope="session")
def start(deployed: Deployed) -> Recorded:
    return recorded(deployed)


@pytest.fixture(scope="session")
def empty_start(empty: Deployed) -> Recorded:
    return recorded(empty)
