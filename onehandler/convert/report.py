"""The report of a build: how the converted model compared with the original, as a table and for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from onehandler.convert.build import Built
    from onehandler.convert.parity import Comparison
    from onehandler.convert.variants import Measured


def size_of(built: Built) -> int:
    """Bytes of the bundle's files."""
    files: dict[str, dict[str, int]] = built.bundle.manifest["files"]
    return sum(entry["bytes"] for entry in files.values())


def report_json(built: Built) -> dict[str, Any]:
    """The build as one object."""
    bundle = built.bundle
    return {
        "bundle": bundle.folder,
        "name": bundle.name,
        "version": bundle.version,
        "digest": bundle.digest,
        "bytes": size_of(built),
        "parity": [each.to_json() for each in built.comparisons],
        "note": built.note,
        "forms": [each.to_json() for each in built.forms],
        "warnings": list(built.warnings),
    }


def parity_table(comparisons: Sequence[Comparison]) -> Table:
    """One line for each output on each set of rows."""
    from rich.table import Table  # a script that asks for JSON doesn't need it

    table = Table(title="Converted model against the original", title_justify="left")
    for heading in ("rows", "output"):
        table.add_column(heading)
    for heading in ("count", "worst difference", "rows off"):
        table.add_column(heading, justify="right")
    for each in comparisons:
        table.add_row(each.rows, each.output, f"{each.count:,}", f"{each.worst:.3g}", f"{each.share_off:.1%}")
    return table


def forms_table(forms: Sequence[Measured]) -> Table:
    """Size, speed and difference from the original, one line a form."""
    from rich.table import Table  # a script that asks for JSON doesn't need it

    table = Table(title="Forms of the model", title_justify="left")
    table.add_column("form")
    for heading in ("bytes", "µs a row", "worst difference", "labels changed"):
        table.add_column(heading, justify="right")
    for each in forms:
        figures = (
            f"{each.size:,}",
            f"{each.microseconds:.1f}",
            f"{each.worst:.3g}",
            f"{each.labels_off:.1%}",
        )
        table.add_row(each.form, *figures)
    return table
