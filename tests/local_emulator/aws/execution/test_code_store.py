from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.archive import unpack
from local_emulator.aws.execution.cleanup import remove_tree
from local_emulator.aws.execution.code_store import CodeStore
from local_emulator.aws.execution.errors import InvalidArchive
from tests.local_emulator.aws.execution.functions import archive, function

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 262_144_000


def made_of(*entries: tuple[str, bytes, int]) -> bytes:
    """A zip archive of (name, content, mode)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            entry.external_attr = mode << 16 or 0x20  # as made on Windows
            opened.writestr(entry, content)
    return buffer.getvalue()


LINK = stat.S_IFLNK | 0o777
FILE = stat.S_IFREG | 0o644


def test_permissions_times_and_links_are_kept_and_nothing_is_writable(tmp_path: Path) -> None:
    code = made_of(
        ("bin/tool", b"#!/bin/sh", stat.S_IFREG | 0o755),
        ("private", b"1", stat.S_IFREG | 0o600),
        ("no_mode", b"2", 0),
        ("lib/libx.so.1", b"3", FILE),
        ("lib/libx.so", b"libx.so.1", LINK),
        ("empty/", b"", stat.S_IFDIR | 0o755),
    )
    store = CodeStore(tmp_path, LIMIT)
    task = store.lease(replace(function(), code=code, code_sha256="a")).task
    modes = {
        name: stat.S_IMODE((task / name).stat().st_mode) for name in ("bin/tool", "private", "no_mode", "lib")
    }
    assert modes == {"bin/tool": 0o555, "private": 0o400, "no_mode": 0o444, "lib": 0o555}
    assert (task / "lib/libx.so").readlink().name == "libx.so.1"
    assert (task / "lib/libx.so").read_bytes() == b"3"
    assert (task / "empty").is_dir()
    assert (task / "private").stat().st_mtime == time.mktime((2024, 5, 6, 7, 8, 10, 0, 0, -1))


def test_time_in_utc_is_preferred_where_the_archive_has_it(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        entry = zipfile.ZipInfo("x", (2024, 5, 6, 7, 8, 10))
        entry.extra = struct.pack("<HHH", 0x9999, 2, 0) + struct.pack("<HHBi", 0x5455, 5, 1, 1_700_000_001)
        opened.writestr(entry, b"")
    unpack(buffer.getvalue(), tmp_path)
    assert (tmp_path / "x").stat().st_mtime == 1_700_000_001


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "a\\..\\..\\out"])
def test_entries_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArchive, match="points out of the archive"):
        unpack(made_of((name, b"", FILE)), _made(tmp_path / "in"))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../../etc", b"in/../../../x"])
def test_links_that_lead_out_are_refused(tmp_path: Path, target: bytes) -> None:
    with pytest.raises(InvalidArchive, match="is a link out of the archive"):
        unpack(made_of(("in/link", target, LINK)), _made(tmp_path / "in"))


def test_a_link_that_comes_to_lead_out_is_no_way_out(tmp_path: Path) -> None:
    """`a` leads to the top as long as `b/c` is a folder; once that is a link to `b`, `a` leads one further."""
    code = made_of(
        ("b/c/keep", b"", FILE), ("a", b"b/c/../..", LINK), ("b/c", b".", LINK), ("a/evil", b"", FILE)
    )
    with pytest.raises(InvalidArchive, match="goes through a link out of the archive"):
        unpack(code, _made(tmp_path / "x"))
    assert not (tmp_path / "evil").exists()


def test_writing_through_a_link_stays_inside(tmp_path: Path) -> None:
    unpack(made_of(("real/one", b"1", FILE), ("alias", b"real", LINK), ("alias/two", b"2", FILE)), tmp_path)
    assert (tmp_path / "real/two").read_bytes() == b"2"


def test_a_later_layer_wins_over_files_folders_and_links(tmp_path: Path) -> None:
    layers = (
        made_of(
            ("same", b"1", FILE), ("folder/x", b"1", FILE), ("file", b"1", FILE), ("link", b"same", LINK)
        ),
        made_of(("same", b"2", FILE), ("folder", b"2", FILE), ("file/x", b"2", FILE), ("link", b"2", FILE)),
    )
    store = CodeStore(tmp_path, LIMIT)
    opt = store.lease(function(layers=layers)).layers
    assert opt is not None
    names = ("same", "folder", "file/x", "link")
    assert [(opt / name).read_bytes() for name in names] == [b"2"] * 4


@pytest.mark.parametrize("damage", [b"no zip", b""])
def test_what_is_no_archive(tmp_path: Path, damage: bytes) -> None:
    with pytest.raises(InvalidArchive, match="Could not unzip uploaded file"):
        CodeStore(tmp_path, LIMIT).lease(replace(function(), code=damage, code_sha256="x"))


def test_damaged_content_leaves_nothing(tmp_path: Path) -> None:
    content = os.urandom(1000)
    code = made_of(("x", content, FILE))
    broken = code.replace(content[:100], bytes(100))
    with pytest.raises(InvalidArchive, match="Could not unzip uploaded file"):
        CodeStore(tmp_path, LIMIT).lease(replace(function(), code=broken, code_sha256="x"))
    assert not any((tmp_path / "task").iterdir())


def test_size_of_the_code_alone(tmp_path: Path) -> None:
    store = CodeStore(tmp_path, 1000)
    with pytest.raises(InvalidArchive, match=r"^Unzipped size must be smaller than 1000 bytes$"):
        store.lease(replace(function(), code=archive({"x": b"0" * 1000})))
    store.lease(replace(function(), code=archive({"x": b"0" * 999})))


def test_size_with_layers(tmp_path: Path) -> None:
    store = CodeStore(tmp_path, 1000)
    code = archive({"x": b"0" * 400})
    fits, over = archive({"y": b"0" * 600}), archive({"y": b"0" * 601})
    store.lease(replace(function(layers=[fits]), code=code))
    with pytest.raises(InvalidArchive) as refused:
        store.lease(replace(function(layers=[over]), code=code))
    assert str(refused.value) == (
        "Function code combined with layers exceeds the maximum allowed size of 1000 bytes. "
        "The actual size is 1001 bytes."
    )


def test_lambdas_own_limit(tmp_path: Path) -> None:
    """A declared quarter of a gigabyte is refused without unpacking it."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened,
        opened.open("x", "w") as file,
    ):
        for _ in range(250):
            file.write(bytes(1 << 20))
    code = buffer.getvalue()
    with pytest.raises(InvalidArchive, match="smaller than 262144000 bytes"):
        CodeStore(tmp_path, LIMIT).lease(replace(function(), code=code))


def test_content_is_shared_by_digest_and_deleted_with_its_last_lease(tmp_path: Path) -> None:
    store = CodeStore(tmp_path, LIMIT)
    layer = archive({"python/x.py": ""})
    first, second = store.lease(function(layers=[layer])), store.lease(function(layers=[layer], name="other"))
    assert first == second
    assert first.layers is not None
    store.release(first)
    assert first.task.is_dir()
    store.release(second)
    assert not first.task.exists()
    assert not first.layers.exists()
    assert store.lease(function()).task.is_dir()


def test_digests_are_the_callers(tmp_path: Path) -> None:
    store = CodeStore(tmp_path, LIMIT)
    one = function("A = 1")
    assert one.code_sha256 == hashlib.sha256(one.code).hexdigest()
    assert store.lease(one).task != store.lease(function("A = 2")).task


def test_deleting_touches_nothing_that_links_lead_to(tmp_path: Path) -> None:
    outside, tree = _made(tmp_path / "outside"), _made(tmp_path / "tree")
    (outside / "kept").touch()
    outside.chmod(0o555)
    (tree / "link").symlink_to(outside)
    _made(tree / "closed").chmod(0)
    tree.chmod(0o555)
    remove_tree(str(tree))
    remove_tree(str(tree))
    assert not tree.exists()
    assert (outside / "kept").exists()
    assert stat.S_IMODE(outside.stat().st_mode) == 0o555
    outside.chmod(0o755)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
