"""The import walk, over little checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.imports import Reach, reach
from onehandler.errors import SettingsError


def _checkout(root: Path, **sources: str) -> Path:
    """Write `core__table=...` as core/table.py; every folder becomes a package."""
    for name, text in sources.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        (folder / "__init__.py").touch()
    return root


def _walk(root: Path) -> Reach:
    return reach(root, ["functions.f"], ("functions", "core"))


def _modules(root: Path) -> set[str]:
    files = {path.relative_to(root).as_posix() for path in _walk(root).files}
    return {name for name in files if not name.endswith("__init__.py")} - {"functions/f.py"}


@pytest.mark.parametrize(
    "code",
    [
        "import core.deep.x",
        "from core.deep import x",
        "from core.deep.x import something",
        "def late():\n    from core.deep import x",
        "class A:\n    import core.deep.x as y",
        "if True:\n    pass\nelse:\n    import core.deep.x",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import gone\nelse:\n    import core.deep.x",
        "try:\n    import core.deep.x\nexcept ImportError:\n    pass",
        "TABLE = {'x': 'core.deep.x'}",
    ],
)
def test_followed(code: str, tmp_path: Path) -> None:
    root = _checkout(tmp_path, functions__f=code, core__deep__x="", core__deep__other="", core__y="")
    assert _modules(root) == {"core/deep/x.py"}
    files = {path.relative_to(root).as_posix() for path in _walk(root).files}
    assert {"core/__init__.py", "core/deep/__init__.py", "functions/__init__.py"} <= files


@pytest.mark.parametrize(
    "code",
    [
        "import typing\nif typing.TYPE_CHECKING:\n    import core.deep.x",
        "# import core.deep.x",
        "'see core.deep.x'",
        "'other.deep.x'",
    ],
)
def test_not_followed(code: str, tmp_path: Path) -> None:
    assert _modules(_checkout(tmp_path, functions__f=code, core__deep__x="")) == set()


def test_relative_imports_are_followed(tmp_path: Path) -> None:
    root = _checkout(
        tmp_path,
        functions__f="import core.deep.x",
        core__deep__x="from . import y\nfrom ..z import something",
        core__deep__y="",
        core__z="",
    )
    assert _modules(root) == {"core/deep/x.py", "core/deep/y.py", "core/z.py"}


def test_files_named_by_a_module_come_along(tmp_path: Path) -> None:
    root = _checkout(tmp_path, functions__f="import core.page", core__page="NAME = 'page.html'")
    for name in ("page.html", "other.html"):
        (root / "core" / name).touch()
    assert _modules(root) == {"core/page.py", "core/page.html"}


def test_what_is_not_ours_is_listed_with_its_importer(tmp_path: Path) -> None:
    code = "import core.x\nimport json.decoder"
    root = _checkout(tmp_path, functions__f=code, core__x="def f():\n    from numpy.linalg import inv")
    assert _walk(root).packages == {"json": "functions.f", "numpy": "core.x"}


def test_what_the_code_does_without_is_not_needed(tmp_path: Path) -> None:
    code = "try:\n    import numpy, json\nexcept (ImportError, OSError):\n    import array"
    assert set(_walk(_checkout(tmp_path, functions__f=code)).packages) == {"array"}


def test_modules_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"functions\.f.*core\.gone"):
        _walk(_checkout(tmp_path, functions__f="import core.gone"))
