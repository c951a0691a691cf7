"""One deployment of the repository's own serverless.yml, shared by this folder's tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import joblib
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from examples.demo import deployment
from examples.demo.deployment import Deployment

ROOT = Path(__file__).parent.parent.parent
Deploy = Callable[[Path], Deployment]


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's bundle, a regression and a classifier of digits, built by the command."""
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, "-m", "examples.tabular.train", str(folder)], check=True, cwd=ROOT)
    shutil.copy(folder / "train.csv", folder / "breast-cancer.csv")
    shutil.copy(folder / "model.joblib", folder / "breast-cancer.joblib")
    diabetes = load_diabetes(as_frame=True)
    _save(folder, "diabetes", make_pipeline(StandardScaler(), Ridge()), diabetes.data, diabetes.target)
    digits = load_digits(as_frame=True)
    names = digits.target.map(lambda digit: f"digit-{digit}")
    _save(folder, "digits", RandomForestClassifier(20, random_state=0), digits.data, names)
    for name in ("breast-cancer", "diabetes", "digits"):
        command = [sys.executable, "-m", "onehandler.cli.main", "build", str(folder / f"{name}.joblib")]
        options = ["--sample", str(folder / f"{name}.csv"), "--name", name, "--out", str(folder / "bundles")]
        subprocess.run([*command, *options], check=True, cwd=ROOT)
    return folder / "bundles"


def _save(folder: Path, name: str, model: object, rows: pd.DataFrame, target: pd.Series) -> None:
    joblib.dump(model.fit(rows, target), folder / f"{name}.joblib")
    rows.to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own: what serverless.yml builds must not meet what another run builds."""
    folder = tmp_path_factory.mktemp("service")
    shutil.copy(ROOT / "serverless.yml", folder)  # osls takes no link for it
    for name in ("iac", "layers", "onehandler", "adapters", "functions", "requirements", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="session")
def deploy(aws: str, service: Path) -> Deploy:
    """Deploy a bundle with the real osls."""

    def deploy_bundle(bundle: Path) -> Deployment:
        return deployment.deploy(aws, bundle, service)

    return deploy_bundle
