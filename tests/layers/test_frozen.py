"""One file of bytecode: what is in it, and that modules come from it as they would from their own files."""

from __future__ import annotations

import marshal
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from layers.bytecode import compile_folder
from layers.frozen import freeze, imported
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from tests.layers.conftest import Isolated

TAG = f"cpython-{this_version().replace('.', '')}"
PROBE = """
from onehandler import frozen
frozen.install(ROOT)
from functions import entry
import functions.late, traceback
print(entry.__file__, isinstance(entry.__spec__.loader, frozen.Finder), entry.table.__package__)
try:
    entry.fail()
except ZeroDivisionError as error:
    print(traceback.format_exception(error)[-2].split("\\n")[1].strip())
"""


def checkout(folder: Path) -> Path:
    """A task folder: functions.entry imports functions.table at once, functions.late when it is called."""
    (folder / "functions").mkdir()
    (folder / "functions" / "__init__.py").touch()
    (folder / "functions" / "table.py").write_text("from functions import more\n")
    (folder / "functions" / "more.py").write_text("import json\n")
    (folder / "functions" / "late.py").touch()
    (folder / "functions" / "entry.py").write_text(
        "from functions import table\n\n\ndef fail():\n    import functions.late\n    return 1 / 0\n"
    )
    return folder


def test_what_is_imported_at_once(tmp_path: Path) -> None:
    found = imported(checkout(tmp_path), ["functions.entry"])
    assert found == {"functions", "functions.entry", "functions.table", "functions.more"}


def test_frozen_modules_are_what_their_files_are(tmp_path: Path, isolated: Isolated) -> None:
    folder = checkout(tmp_path)
    compile_folder(folder, this_version(), str(folder))
    freeze(folder, ["functions.entry"], this_version())
    compiled = {path.name.partition(".")[0] for path in folder.rglob("*.pyc")}
    assert compiled == {"__init__", "late"}
    root = str(folder)
    told = isolated(PROBE.replace("ROOT", repr(root)), folder, _repository())
    assert told.splitlines() == [f"{root}/functions/entry.py True functions", "return 1 / 0"]


def test_another_pythons_file_is_not_read(tmp_path: Path, isolated: Isolated) -> None:
    folder = checkout(tmp_path)
    (folder / "frozen.cpython-310.bin").write_bytes(b"")
    told = isolated(PROBE.replace("ROOT", repr(str(folder))), folder, _repository())
    assert told.splitlines()[0] == f"{folder}/functions/entry.py False functions"


def test_the_deployed_file_holds_the_cold_path_and_no_more(archives: dict[str, Path]) -> None:
    with zipfile.ZipFile(archives["predict"]) as opened:
        held = marshal.loads(opened.read(f"frozen.{TAG}.bin"))
    assert {"onehandler.handler", "onehandler.runtimes.onnx", "adapters.aws_lambda.entry"} <= held.keys()
    assert not {"onehandler.app", "onehandler.early", "onehandler.protocols.tf_serving"} & held.keys()


def _repository() -> Path:
    """Where onehandler.frozen itself comes from."""
    return Path(__file__).parents[2]
