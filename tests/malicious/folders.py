"""Bundle folders that somebody altered: what was done to each, and what must be said of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Tamper: TypeAlias = Callable[[Path], object]


def flip(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)


def longer(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")


def replaced(make: Callable[[Path], object], name: str = "model.onnx") -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        (folder / name).rename(folder.parent / "moved")
        make(folder / name)

    return tamper


def linked_inside(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "real.onnx")
    (folder / "model.onnx").symlink_to("real.onnx")


def nested_folders(folder: Path) -> None:
    for _ in range(200):
        folder /= "d"
    folder.mkdir(parents=True)


FILES: dict[str, tuple[Tamper, str]] = {
    "changed byte": (flip, "model.onnx: is not the file that was bundled: its sha256 differs"),
    "longer": (longer, "the manifest says"),
    "truncated": (lambda folder: os.truncate(folder / "model.onnx", 10), "has 10 bytes, the manifest says"),
    "missing file": (
        lambda folder: (folder / "model.onnx").unlink(),
        "lists 'model.onnx', which is not there",
    ),
    "extra file": (lambda folder: (folder / "evil.py").touch(), "'evil.py' is not in the manifest"),
    "extra file below": (
        lambda folder: ((folder / "a").mkdir(), (folder / "a" / "b").touch()),
        "'a/b' is not in the manifest",
    ),
    "extra file of no text": (
        lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n")).touch(),
        "is not in the manifest",
    ),
    "link inside": (linked_inside, "'model.onnx' is a link"),
    "link outside": (replaced(lambda path: path.symlink_to("../moved")), "'model.onnx' is a link"),
    "link nowhere": (replaced(lambda path: path.symlink_to("nowhere")), "'model.onnx' is a link"),
    "folder linked": (lambda folder: (folder / "more").symlink_to("/etc"), "'more' is a link"),
    "hard link": (
        lambda folder: (folder.parent / "twin").hardlink_to(folder / "model.onnx"),
        "has 2 names (hard links)",
    ),
    "folder for file": (replaced(Path.mkdir), "lists 'model.onnx', which is not there"),
    "fifo for file": (replaced(os.mkfifo), "'model.onnx' is a link or device"),
    "deep folders": (nested_folders, "folders more than 32 deep"),
    "manifest linked": (replaced(lambda path: path.symlink_to("../moved"), "bundle.json"), "is a link"),
    "manifest a fifo": (replaced(os.mkfifo, "bundle.json"), "bundle.json is a link, folder or device"),
    "manifest a folder": (replaced(Path.mkdir, "bundle.json"), "bundle.json is a link, folder or device"),
    "manifest missing": (lambda folder: (folder / "bundle.json").unlink(), "onehandler build"),
    "manifest hard linked": (
        lambda folder: (folder.parent / "twin").hardlink_to(folder / "bundle.json"),
        "'bundle.json' has 2 names",
    ),
}
