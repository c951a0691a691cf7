"""How every benchmark reports: a table for people, one JSON object with `--json`."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {"cpus": os.cpu_count(), "model": _cpu_model(), "system": platform.platform(terse=True)}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


@dataclass(frozen=True, slots=True)
class Report:
    """`rows` are the table's lines; `ratios` a flat map of name to number, for whoever compares runs."""

    title: str
    rows: Sequence[Mapping[str, Any]]
    ratios: Mapping[str, float]
    packages: Sequence[str] = ()
    machine: Mapping[str, Any] = field(default_factory=machine)

    def tell(self, name: str, *, as_json: bool, save: bool) -> None:
        """Write to standard output, and keep it if wanted."""
        self.print(as_json=as_json)
        if save:
            self.save(name)

    def print(self, *, as_json: bool) -> None:
        """Write to standard output."""
        if as_json:
            print(json.dumps(self.object()))
            return
        console = Console(width=max(Console().width, 110))
        table = Table(title=self.title, title_justify="left")
        for name in self.rows[0]:
            table.add_column(name, justify="left" if isinstance(self.rows[0][name], str) else "right")
        for row in self.rows:
            table.add_row(*(_shown(value) for value in row.values()))
        console.print(table)
        for name, value in self.ratios.items():
            console.print(f"{name}: {value:.2f}")

    def object(self) -> dict[str, Any]:
        """All of it, with versions, as `--json` prints it."""
        versions = {name: version(name) for name in self.packages}
        found = {key: value for key, value in asdict(self).items() if key != "packages"}
        return {**found, "versions": {"python": platform.python_version(), **versions}}

    def save(self, name: str) -> None:
        """Keep it in benchmarks/results, which docs/performance.md is made from."""
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(self.object(), indent=1) + "\n")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
    return str(value)
