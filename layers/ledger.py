"""The size ledger: what an archive holds, package by package, and whether Lambda takes it."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from layers.archive import digest_of
from onehandler.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that a platform takes of an archive."""

    platform: str
    unzipped: int
    zipped: int


UNZIPPED_LIMIT = 262_144_000  # function and layers together
ZIPPED_LIMIT = 52_428_800  # direct upload; through S3, as frameworks do, only the unzipped limit counts
LAYERS_LIMIT = 5  # of one function
LAMBDA = Limits("Lambda", UNZIPPED_LIMIT, ZIPPED_LIMIT)
# Its documentation gives one figure, for the package; https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
AZURE_FLEX = Limits("Flex Consumption", 1_073_741_824, 1_073_741_824)
_CONTAINERS = ("python", "lib", "licences", "__pycache__", ".python_packages", "site-packages")
_DIRECTORY = "(zip directory)"


@dataclass(frozen=True, slots=True)
class Line:
    """One package's part of an archive, in bytes."""

    archive: str
    package: str
    files: int
    unzipped: int
    zipped: int


def ledger_of(archive: Path) -> list[Line]:
    """Read an archive's own directory: the largest package first, the directory itself last.

    The zipped bytes add up to the archive's size.
    """
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
    directory = archive.stat().st_size - sum(line.zipped for line in lines)
    lines.sort(key=lambda line: (-line.unzipped, line.package))
    return [*lines, Line(archive.name, _DIRECTORY, 0, 0, directory)]


def check_limits(archives: Sequence[Path]) -> None:
    """Raise TooLarge when these archives, as one function with its layers, pass a limit of Lambda's."""
    lines = [line for archive in archives for line in ledger_of(archive)]
    names = " + ".join(archive.name for archive in archives)
    if len(archives) > LAYERS_LIMIT + 1:
        raise TooLarge(f"Lambda takes {LAYERS_LIMIT} layers for a function; merge some", where=names)
    unzipped = sum(line.unzipped for line in lines)
    if unzipped > UNZIPPED_LIMIT:
        raise TooLarge(
            f"{unzipped:,} bytes unzipped, Lambda takes {UNZIPPED_LIMIT:,} for a function with its layers. "
            f"{_largest(lines)} Quantize the model, slim a layer, or serve it from a SageMaker container",
            where=names,
        )


def check_direct_upload(archives: Sequence[Path]) -> None:
    """Raise TooLarge for an archive that the Lambda API takes only from S3."""
    for archive in archives:
        zipped = archive.stat().st_size
        if zipped > ZIPPED_LIMIT:
            raise TooLarge(
                f"{zipped:,} bytes zipped, a direct upload takes {ZIPPED_LIMIT:,}. "
                f"{_largest(ledger_of(archive))} Make it smaller, or upload it through S3, as "
                "'sls deploy' does ('python -m layers.package')",
                where=archive.name,
            )


def check_size(archive: Path, limits: Limits) -> None:
    """Raise TooLarge when an archive that is deployed alone passes its platform's limit."""
    lines = ledger_of(archive)
    unzipped, zipped = sum(line.unzipped for line in lines), archive.stat().st_size
    if unzipped > limits.unzipped or zipped > limits.zipped:
        raise TooLarge(
            f"{unzipped:,} bytes unzipped, {zipped:,} zipped; {limits.platform} takes {limits.unzipped:,} and "
            f"{limits.zipped:,}. {_largest(lines)} Quantize the model, or serve it from a container",
            where=archive.name,
        )


def _largest(lines: Sequence[Line]) -> str:
    line = max(lines, key=lambda each: each.unzipped)
    return f"The largest part is {line.package} in {line.archive}: {line.unzipped:,} bytes."


def ledger_table(archives: Sequence[Path], limits: Limits = LAMBDA) -> Table:
    """All archives' lines with their totals, for people."""
    table = Table(title="Size ledger", title_justify="left")
    for name in ("archive", "package"):
        table.add_column(name)
    for name in ("files", "unzipped", "zipped", "share"):
        table.add_column(name, justify="right")
    for archive in archives:
        lines = ledger_of(archive)
        total = sum(line.unzipped for line in lines)
        for line in lines:
            sizes = (
                f"{line.files:,}",
                f"{line.unzipped:,}",
                f"{line.zipped:,}",
                f"{line.unzipped / total:.1%}",
            )
            table.add_row(line.archive, line.package, *sizes)
        zipped = archive.stat().st_size
        files = sum(line.files for line in lines)
        table.add_row(archive.name, "all", f"{files:,}", f"{total:,}", f"{zipped:,}", style="bold")
        of_limits = (f"{total / limits.unzipped:.1%}", f"{zipped / limits.zipped:.1%}")
        table.add_row(archive.name, f"of {limits.platform}'s limits", "", *of_limits, style="dim")
        table.add_section()
    return table


def ledger_json(archives: Sequence[Path], limits: Limits = LAMBDA) -> dict[str, Any]:
    """The same as one object: totals an archive and the lines below them."""
    found = {}
    for archive in archives:
        lines = ledger_of(archive)
        total = sum(line.unzipped for line in lines)
        found[archive.name] = {
            "sha256": digest_of(archive),
            "files": sum(line.files for line in lines),
            "unzipped": total,
            "zipped": archive.stat().st_size,
            "packages": {
                line.package: {
                    "files": line.files,
                    "unzipped": line.unzipped,
                    "zipped": line.zipped,
                    "share": round(line.unzipped / total, 4),
                }
                for line in lines
            },
        }
    return {"archives": found, "limits": {"unzipped": limits.unzipped, "zipped": limits.zipped}}


def _package(name: str) -> str:
    """The top folder or module, below the folders that layers mount under."""
    parts = [part for part in name.split("/") if part not in _CONTAINERS]
    if parts[0].endswith(".dist-info"):
        return parts[0].partition("-")[0]
    return parts[0].partition(".")[0] if len(parts) == 1 else parts[0]
