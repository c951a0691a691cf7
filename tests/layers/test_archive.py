import os
import stat
import zipfile
from pathlib import Path

import pytest

from layers.archive import check_archive, digest_of, files_below, write_archive
from onehandler.errors import SettingsError


def _tree(folder: Path, names: list[str]) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name * 100)
    return folder


def test_equal_files_give_equal_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    names = ["b/two.py", "a.py", "b/one.py", "ü.txt"]
    first = _tree(tmp_path / "here", names)
    second = _tree(tmp_path / "some" / "where" / "else", names[::-1])
    for path in second.rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o600)
    write_archive(tmp_path / "1.zip", files_below(first))
    write_archive(tmp_path / "2.zip", files_below(second))
    assert digest_of(tmp_path / "1.zip") == digest_of(tmp_path / "2.zip")


def test_entries_are_sorted_dated_and_have_normal_modes(tmp_path: Path) -> None:
    folder = _tree(tmp_path / "tree", ["z", "lib/x.so", "a"])
    (folder / "lib" / "x.so").chmod(0o700)
    write_archive(tmp_path / "x.zip", files_below(folder))
    check_archive(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        entries = archive.infolist()
    modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in entries}
    assert list(modes.items()) == [("a", 0o644), ("lib/x.so", 0o755), ("z", 0o644)]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert not any(entry.extra for entry in entries)


def test_archives_are_deflated_as_far_as_zlib_can(tmp_path: Path) -> None:
    content = (Path(os.__file__).read_bytes() + Path(stat.__file__).read_bytes()) * 4
    (tmp_path / "file").write_bytes(content)
    write_archive(tmp_path / "ours.zip", {"file": tmp_path / "file"})
    sizes = []
    for level in (6, 9):
        with zipfile.ZipFile(tmp_path / "zip", "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            archive.write(tmp_path / "file", "file")
        sizes.append(archive.getinfo("file").compress_size)
    with zipfile.ZipFile(tmp_path / "ours.zip") as ours:
        assert ours.getinfo("file").compress_size == sizes[1] < sizes[0]


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(SettingsError, match="link"):
        files_below(tmp_path)


def _written(path: Path, entries: list[zipfile.ZipInfo]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for entry in entries:
            archive.writestr(entry, b"content")
    return path


def _entry(name: str, **changes: object) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([_entry("b"), _entry("a")], "sorted"),
        ([_entry("../a")], "plain relative path"),
        ([_entry("/a")], "plain relative path"),
        ([_entry("a", date_time=(2024, 5, 1, 0, 0, 0))], "date"),
        ([_entry("a", external_attr=(stat.S_IFREG | 0o777) << 16)], "mode"),
        ([_entry("a", external_attr=(stat.S_IFLNK | 0o644) << 16)], "mode"),
        ([_entry("a", extra=b"\x01\x00\x00\x00")], "extra"),
    ],
)
def test_what_the_writer_never_writes_is_refused(
    tmp_path: Path, entries: list[zipfile.ZipInfo], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        check_archive(_written(tmp_path / "x.zip", entries))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    archive = _written(tmp_path / "x.zip", [_entry("a")])
    archive.write_bytes(archive.read_bytes().replace(b"content", b"c0ntent"))
    with pytest.raises(SettingsError, match="checksum"):
        check_archive(archive)
