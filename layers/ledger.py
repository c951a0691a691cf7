"""The size ledger: what an archive holds, package by package, and whether Lambda takes it."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from onehandler.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNZIPPED_LIMIT = 262_144_000  # function and layers together
ZIPPED_LIMIT = 52_428_800  # direct upload; through S3, as frameworks do, only the unzipped limit counts
_CONTAINERS = ("python", "lib")


@dataclass(frozen=True, slots=True)
class Line:
    """One package's share of an archive, in bytes."""

    archive: str
    package: str
    files: int
    unzipped: int
    zipped: int


def ledger_of(archive: Path) -> list[Line]:
    """Read an archive's own directory."""
    groups: dict[str, list[zipfile.ZipInfo]] = defaultdict(list)
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            groups[_package(entry.filename)].append(entry)
    lines = [
        Line(
            archive.name,
            name,
            len(entries),
            sum(entry.file_size for entry in entries),
            sum(entry.compress_size for entry in entries),
        )
        for name, entries in groups.items()
    ]
    return sorted(lines, key=lambda line: -line.unzipped)


def check_limits(archives: Sequence[Path]) -> None:
    """Raise TooLarge when these archives, as one function with its layers, pass a limit of Lambda's."""
    unzipped = sum(line.unzipped for archive in archives for line in ledger_of(archive))
    names = " + ".join(archive.name for archive in archives)
    if unzipped > UNZIPPED_LIMIT:
        raise TooLarge(
            f"{unzipped:,} bytes unzipped, Lambda takes {UNZIPPED_LIMIT:,} for a function with its layers; "
            "quantize the model, or keep it in S3",
            where=names,
        )


def ledger_table(archives: Sequence[Path]) -> Table:
    """All archives' lines with their totals, for people."""
    table = Table(title="Size ledger", title_justify="left")
    for name in ("archive", "package"):
        table.add_column(name)
    for name in ("files", "unzipped", "zipped"):
        table.add_column(name, justify="right")
    for archive in archives:
        lines = ledger_of(archive)
        for line in lines:
            table.add_row(
                line.archive, line.package, str(line.files), f"{line.unzipped:,}", f"{line.zipped:,}"
            )
        total = sum(line.unzipped for line in lines)
        table.add_row(archive.name, "all", "", f"{total:,}", f"{archive.stat().st_size:,}", style="bold")
        table.add_section()
    return table


def ledger_json(archives: Sequence[Path]) -> dict[str, Any]:
    """The same as one object: totals an archive and the lines below them."""
    found = {}
    for archive in archives:
        lines = ledger_of(archive)
        found[archive.name] = {
            "unzipped": sum(line.unzipped for line in lines),
            "zipped": archive.stat().st_size,
            "packages": {
                line.package: {"files": line.files, "unzipped": line.unzipped, "zipped": line.zipped}
                for line in lines
            },
        }
    return {"archives": found, "limits": {"unzipped": UNZIPPED_LIMIT, "zipped": ZIPPED_LIMIT}}


def _package(name: str) -> str:
    """The top folder, below the folders that layers mount under."""
    parts = [part for part in name.split("/") if part not in _CONTAINERS]
    return parts[0].removesuffix(".dist-info").partition("-")[0] if parts else name
