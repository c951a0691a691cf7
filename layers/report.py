"""How ledgers are shown: tables for people, one JSON object for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from layers.limits import UNZIPPED, ZIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.ledger import Ledger


def show(ledgers: Sequence[Ledger], *, as_json: bool) -> None:
    """Write to standard output."""
    if as_json:
        limits = {"zipped": ZIPPED, "unzipped": UNZIPPED}
        print(json.dumps({"limits": limits, "artifacts": [ledger.as_json() for ledger in ledgers]}))  # noqa: T201
        return
    console = Console(highlight=False)
    for ledger in ledgers:
        console.print(table(ledger))
        console.print(f"[dim]sha256 {ledger.sha256}[/dim]\n")


def table(ledger: Ledger) -> Table:
    """One artifact: packages, their share of the unzipped bytes, and the totals beside Lambda's limits."""
    room = f"{ledger.unzipped / UNZIPPED:.1%} of Lambda's limit unzipped, {ledger.zipped / ZIPPED:.1%} zipped"
    made = Table(title=ledger.artifact, caption=room, title_justify="left", caption_justify="left")
    made.show_footer = True
    made.add_column("package", "total")
    made.add_column("files", f"{ledger.files:,}", justify="right")
    made.add_column("unzipped bytes", f"{ledger.unzipped:,}", justify="right")
    made.add_column("zipped bytes", f"{ledger.zipped:,}", justify="right")
    made.add_column("share", justify="right")
    for line in ledger.lines:
        share = f"{line.unzipped / ledger.unzipped:.1%}"
        made.add_row(line.package, f"{line.files:,}", f"{line.unzipped:,}", f"{line.zipped:,}", share)
    return made
