import marshal
import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from layers.bytecode import compile_folder, is_unchecked, pyc_name
from onehandler.errors import SettingsError
from onehandler.pythons import this_version


def _compiled(folder: Path, text: str = "x = 1\n") -> Path:
    folder.mkdir(parents=True)
    (folder / "module.py").write_text(text)
    compile_folder(folder, this_version(), "/opt/python")
    return folder / pyc_name("module.py", this_version())


def test_bytecode_lies_where_python_looks_and_is_unchecked(tmp_path: Path) -> None:
    pyc = _compiled(tmp_path / "a").read_bytes()
    assert pyc[:4] == MAGIC_NUMBER
    assert is_unchecked(pyc)
    assert marshal.loads(pyc[16:]).co_filename == "/opt/python/module.py"
    assert pyc_name("a/b.py", "3.13") == "a/__pycache__/b.cpython-313.pyc"


def test_python_runs_it_without_a_look_at_the_source(tmp_path: Path) -> None:
    _compiled(tmp_path / "a", "print('compiled')\n")
    (tmp_path / "a" / "module.py").write_text("print('source')\n")
    command = [sys.executable, "-S", "-c", "import module"]
    done = subprocess.run(command, cwd=tmp_path / "a", capture_output=True, text=True, check=True)
    assert done.stdout == "compiled\n"


def test_equal_sources_give_equal_bytecode_anywhere(tmp_path: Path) -> None:
    text = "def f(x):\n    return x in {'a', 'b', 'c', 'd', 'e'}\n"
    assert (
        _compiled(tmp_path / "a", text).read_bytes() == _compiled(tmp_path / "long" / "er", text).read_bytes()
    )


def test_a_users_python_variables_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _compiled(tmp_path / "a", "assert x, 'docs'\n").read_bytes()
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    assert _compiled(tmp_path / "b", "assert x, 'docs'\n").read_bytes() == plain


def test_what_does_not_compile_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"module\.py"):
        _compiled(tmp_path / "a", "def\n")


def test_a_version_that_is_not_here_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"3\.99"):
        compile_folder(tmp_path, "3.99", "/opt/python")
