from pathlib import Path

import pytest

from layers.slim import RULES, rule_for, slim


@pytest.mark.parametrize(
    "name",
    [
        "a/tests",
        "tests",
        "a/b/test",
        "a/__pycache__",
        "__pycache__",
        "a/old.pyc",
        "a/b.pyi",
        "a/py.typed",
        "a/include/x.h",
        "a/x.pyx",
        "bin",
        ".lock",
        "a-1.0.dist-info/RECORD",
        "a-1.0.dist-info/sboms",
        "fastapi/.agents",
        "pydantic/v1",
    ],
)
def test_left_out(name: str) -> None:
    assert rule_for(name)


@pytest.mark.parametrize(
    "name",
    [
        "a/testing",
        "a/testing.py",
        "a/attest/x.py",
        "a/contests",
        "a/bin/x.py",
        "cabin",
        "a/b.so",
        "a-1.0.dist-info/METADATA",
        "a-1.0.dist-info/licenses/LICENSE",
        "a-1.0.dist-info/entry_points.txt",
        "pydantic/version.py",
        "other/v1/x.py",
    ],
)
def test_kept(name: str) -> None:
    assert rule_for(name) is None


def test_folders_go_with_all_they_hold(tmp_path: Path) -> None:
    for name in ("a/tests/deep/test_x.py", "a/x.py", "bin/tool"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    slim(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.py"]


def test_every_rule_says_why() -> None:
    assert all(len(rule.reason) > 10 for rule in RULES)
    assert len({rule.pattern for rule in RULES}) == len(RULES)
