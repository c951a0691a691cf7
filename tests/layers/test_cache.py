"""The build cache: made once, found again, shared between processes, never half."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from layers.cache import built, key_of


def _filling(text: str, calls: list[str]) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        calls.append(text)
        (folder / "file").write_text(text)

    return fill


def test_made_once_for_the_same_key(tmp_path: Path) -> None:
    calls: list[str] = []
    for expected in (True, False):
        fresh = built(tmp_path / "x.zip", "key1" * 8, _filling("a", calls), tmp_path / "cache")
        assert fresh is expected
    assert calls == ["a"]


def test_another_key_is_another_archive_and_the_first_is_found_again(tmp_path: Path) -> None:
    calls: list[str] = []
    contents = []
    for text in ("a", "b", "a"):
        built(tmp_path / "x.zip", text * 32, _filling(text, calls), tmp_path / "cache")
        contents.append((tmp_path / "x.zip").read_bytes())
    assert calls == ["a", "b"]
    assert contents[0] == contents[2] != contents[1]


def test_an_altered_target_is_put_right(tmp_path: Path) -> None:
    calls: list[str] = []
    target = tmp_path / "x.zip"
    built(target, "k" * 32, _filling("a", calls), tmp_path / "cache")
    good = target.read_bytes()
    target.write_bytes(b"broken")
    assert not built(target, "k" * 32, _filling("a", calls), tmp_path / "cache")
    assert target.read_bytes() == good


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "file").touch()
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        built(tmp_path / "x.zip", "k" * 32, fill, tmp_path / "cache")
    assert not (tmp_path / "x.zip").exists()
    assert not list((tmp_path / "cache").glob("*.zip*"))


def test_builders_of_one_archive_wait_for_each_other(tmp_path: Path) -> None:
    calls: list[str] = []
    made = [
        threading.Thread(
            target=built,
            args=(tmp_path / str(i) / "x.zip", "k" * 32, _filling("a", calls), tmp_path / "cache"),
        )
        for i in range(4)
    ]
    for thread in made:
        thread.start()
    for thread in made:
        thread.join()
    assert calls == ["a"]
    assert len({(tmp_path / str(i) / "x.zip").read_bytes() for i in range(4)}) == 1


def test_old_archives_are_forgotten_but_never_the_latest(tmp_path: Path) -> None:
    for number in range(10):
        built(tmp_path / "x.zip", f"{number:032}", _filling(str(number), []), tmp_path / "cache")
    stored = {path.name for path in (tmp_path / "cache").glob("x-*.zip")}
    assert len(stored) == 6
    assert f"x-{9:032}.zip" in stored


def test_the_key_is_of_all_inputs(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    keys = {key_of("a", "b"), key_of("ab"), key_of("a", "b", files=[file])}
    file.write_text("2")
    keys.add(key_of("a", "b", files=[file]))
    assert len(keys) == 4
