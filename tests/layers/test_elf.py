"""Libraries without what only debuggers read."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import uvloop.loop

from layers.elf import cut
from onehandler.errors import SettingsError

LIBRARY = Path(uvloop.loop.__file__)


def test_a_library_is_cut_and_loads_as_before(tmp_path: Path) -> None:
    content = LIBRARY.read_bytes()
    found = cut(content)
    assert len(found) < len(content) / 4
    package = tmp_path / "uvloop"
    shutil.copytree(LIBRARY.parent, package)
    (package / LIBRARY.name).write_bytes(found)
    code = (
        "import uvloop, asyncio\n"
        "async def main(): await asyncio.sleep(0); return uvloop.__file__\n"
        "print(uvloop.run(main()))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(package / "__init__.py")


def test_what_was_cut_is_cut_already() -> None:
    found = cut(LIBRARY.read_bytes())
    assert cut(found) == found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF",
        b"#!/bin/sh\n",
        b"\x7fELF\x01\x01" + b"\0" * 100,  # 32 bits
        b"\x7fELF\x02\x02" + b"\0" * 100,  # big-endian
    ],
)
def test_what_is_no_such_library_is_refused(content: bytes) -> None:
    with pytest.raises(SettingsError, match="no shared library"):
        cut(content)


def test_a_library_that_ends_too_early_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"beyond its end|requires a buffer"):
        cut(LIBRARY.read_bytes()[:4096])


def test_only_the_section_table_is_forgotten_in_the_header() -> None:
    header = struct.Struct("<16sHHIQQQIHHHHHH")
    content = LIBRARY.read_bytes()
    before, after = (header.unpack_from(each) for each in (content, cut(content)))
    changed = [number for number in range(len(before)) if before[number] != after[number]]
    assert changed == [6, 11, 12, 13], "its offset, the size of an entry, their number, that of the names"
    assert {after[number] for number in changed} == {0}
