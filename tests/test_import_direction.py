"""functions → adapters → onehandler; tools → onehandler; the core knows none of the others (design.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("onehandler", "adapters", "functions", "layers", "local_emulator", "benchmarks", "examples")
MAY_IMPORT = {
    "onehandler": set(),
    "adapters": {"onehandler"},
    "functions": {"adapters", "onehandler"},
    "layers": {"onehandler"},
    "local_emulator": {"onehandler"},
    "examples": {"onehandler", "layers", "local_emulator"},
    "benchmarks": {"onehandler", "adapters", "layers", "local_emulator", "examples"},
}
# Commands start whatever they are about, inside the command (onehandler/cli/).
COMMANDS_MAY_IMPORT = {"adapters", "layers", "local_emulator"}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _own(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names} & set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        if path.is_relative_to(ROOT / "benchmarks" / "variants"):
            continue  # functions themselves: what is measured is what is deployed
        allowed = MAY_IMPORT[package] | {package}
        if path.is_relative_to(ROOT / "onehandler" / "cli"):
            allowed |= COMMANDS_MAY_IMPORT
        strangers = _own(_imports(path)) - allowed
        assert not strangers, f"{path.relative_to(ROOT)} imports {sorted(strangers)}"


def test_adapters_do_not_import_each_other() -> None:
    """`adapters/x.py` and the folder `adapters/x/` are one adapter."""
    for path in (ROOT / "adapters").rglob("*.py"):
        own = path.relative_to(ROOT / "adapters").parts[0].removesuffix(".py")
        others = {name.split(".")[1] for name in _imports(path) if name.startswith("adapters.")} - {own}
        assert not others, f"{path.relative_to(ROOT)} imports adapters {sorted(others)}"


def test_the_core_imports_no_cloud_and_no_web_framework_outside_its_carriers() -> None:
    """FastAPI stands in app.py only, and no cloud's package stands anywhere in the core."""
    clouds = {"boto3", "botocore", "aws_lambda_powertools", "mangum", "azure", "sagemaker", "moto"}
    for path in (ROOT / "onehandler").rglob("*.py"):
        roots = {name.split(".")[0] for name in _imports(path)}
        assert not roots & clouds, f"{path.relative_to(ROOT)} imports {sorted(roots & clouds)}"


def test_functions_stay_compositions() -> None:
    for path in (ROOT / "functions").glob("*.py"):
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        assert len(lines) <= 20, f"{path.name} has {len(lines)} lines; it may only compose"
