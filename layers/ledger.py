"""The size ledger: what each package in an artifact costs, unzipped and zipped."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.archive import sha256
from layers.recipes import PYTHON_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DIRECTORY = "(zip directory)"


@dataclass(frozen=True, slots=True)
class Line:
    """One package; sizes in bytes."""

    package: str
    files: int
    unzipped: int
    zipped: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """One artifact. `zipped` is the archive's own size: lines and zip directory add up to it."""

    artifact: str
    lines: Sequence[Line]
    sha256: str

    @property
    def files(self) -> int:
        """Files in the archive."""
        return sum(line.files for line in self.lines)

    @property
    def unzipped(self) -> int:
        """Bytes of all files."""
        return sum(line.unzipped for line in self.lines)

    @property
    def zipped(self) -> int:
        """Bytes of the archive."""
        return sum(line.zipped for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it; `share` is of the unzipped bytes."""
        lines = [
            {
                "package": line.package,
                "files": line.files,
                "unzipped": line.unzipped,
                "zipped": line.zipped,
                "share": round(line.unzipped / self.unzipped, 4),
            }
            for line in self.lines
        ]
        totals = {"files": self.files, "unzipped": self.unzipped, "zipped": self.zipped}
        return {"artifact": self.artifact, "sha256": self.sha256, **totals, "packages": lines}


def read_ledger(artifact: str, archive: Path) -> Ledger:
    """Count an archive, its largest package first."""
    counts: dict[str, list[int]] = {}
    with zipfile.ZipFile(archive) as source:
        for info in source.infolist():
            count = counts.setdefault(package_of(info.filename), [0, 0, 0])
            count[0] += 1
            count[1] += info.file_size
            count[2] += info.compress_size
    lines = [Line(package, *count) for package, count in counts.items()]
    lines.sort(key=lambda line: (-line.unzipped, line.package))
    overhead = archive.stat().st_size - sum(line.zipped for line in lines)
    return Ledger(artifact, (*lines, Line(DIRECTORY, 0, 0, overhead)), sha256(archive))


def package_of(name: str) -> str:
    """Whose file an entry is: a distribution or module in a layer, a top-level folder elsewhere."""
    parts = name.split("/")
    if parts[0] == PYTHON_FOLDER:
        parts = parts[1:]
    if parts[0] == "__pycache__":
        return parts[1].partition(".")[0]
    if parts[0].endswith(".dist-info"):
        return parts[0].partition("-")[0]
    if parts[0] in ("lib", "licenses"):
        return parts[1].partition(".")[0]
    return parts[0].removesuffix(".py")
