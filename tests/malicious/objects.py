"""Bundles in S3 that are not what their location says, or whose place on this machine is not ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    Disturb: TypeAlias = Callable[[dict[str, bytes], Path], object]


def holding(name: str, change: Callable[[bytes], bytes]) -> Disturb:
    def disturb(held: dict[str, bytes], _: Path) -> None:
        held[name] = change(held[name])

    return disturb


def linked_home(_: dict[str, bytes], home: Path) -> None:
    (home.parent / "elsewhere").mkdir(0o700)
    home.symlink_to("elsewhere")


def open_home(_: dict[str, bytes], home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)


OBJECTS: dict[str, tuple[Disturb, str]] = {
    "another model": (holding("model.onnx", lambda content: bytes(len(content))), "its sha256 differs"),
    "shorter": (holding("model.onnx", lambda content: content[:-1]), "which the manifest denies"),
    "empty": (holding("model.onnx", lambda _: b""), ""),
    "missing": (lambda held, _: held.pop("model.onnx"), "S3 answers 404 NoSuchKey"),
    "another manifest": (holding("bundle.json", lambda content: content + b" "), "not the location's"),
    "no manifest": (lambda held, _: held.pop("bundle.json"), "S3 answers 404 NoSuchKey"),
    "huge manifest": (holding("bundle.json", lambda _: bytes(17_000_000)), "is larger than 16777216 bytes"),
    "place a link": (linked_home, "not a folder of ours alone"),
    "place open to others": (open_home, "not a folder of ours alone"),
    "place a file": (lambda _, home: home.touch(), "not a folder of ours alone"),
    "place a FIFO": (lambda _, home: os.mkfifo(home), "not a folder of ours alone"),
}
