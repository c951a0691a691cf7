"""docs/scale.md, made of page.md and a result of benchmarks.scale: no figure of it is written by hand."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from benchmarks.simulation.case import MEBIBYTE
from benchmarks.simulation.limits import Limits
from benchmarks.simulation.prices import LISTED
from benchmarks.simulation.times import Times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
_TEMPLATE = Path(__file__).with_name("page.md")
_WIDTH = 120
_COLUMNS = (
    "case",
    "chunks",
    "wall s",
    "instance-seconds",
    "USD",
    "running",
    "retries",
    "throttled",
    "held up by",
)
_SIZES = ("1e+06", "1e+08", "1e+09")  # rows of the cases that nothing goes wrong in


def page(result: Mapping[str, Any]) -> str:
    """The whole page."""
    rows = result["rows"]
    plain = [row for row in rows if row["case"].startswith(_SIZES)]
    words = {**_of_limits(), **_of_ratios(result["ratios"]), **_of_rows({row["case"]: row for row in rows})}
    text = _TEMPLATE.read_text().replace("{plain}", "{{plain}}").replace("{bent}", "{{bent}}").format(**words)
    return _wrapped(text).format(plain=_table(plain), bent=_table([row for row in rows if row not in plain]))


def _of_limits() -> dict[str, str]:
    limits = Limits()
    return {
        "listed": LISTED,
        "first": str(limits.first_invokes),
        "ramp": f"{limits.ramp * 60:.0f}",
        "ramp_50": f"{(50 - limits.first_invokes) / limits.ramp:.0f}",
        "ramp_1000": f"{(1000 - limits.first_invokes) / limits.ramp:.0f}",
        "visibility": f"{limits.visibility:,.0f}",
        "receives": str(limits.receives),
        "chunks_an_item": f"{limits.chunks_an_item:,}",
        "ledger_writes": f"{limits.ledger_writes:,.0f}",
        "plan_timeout": f"{limits.plan_timeout:.0f}",
        "plan_visibility": f"{limits.plan_visibility:.0f}",
        "sweep": f"{limits.sweep_every / 60:.0f}",
        "stalled": f"{limits.stalled:,.0f}",
        "account": f"{limits.account_concurrency:,}",
        "s3_reads": f"{limits.s3_reads:,.0f}",
        "in_flight": f"{limits.in_flight:,}",
        "in_flight_rate": f"{limits.in_flight / limits.visibility:.0f}",
        "plan_mb": str(limits.plan_memory),
        "score_mb": f"{limits.score_memory:,}",
    }


def _of_ratios(ratios: Mapping[str, float]) -> dict[str, str]:
    times = Times(ratios["rows_per_second_of_a_core"])
    planned = ratios["plan_chunks"] * 8 * MEBIBYTE  # bytes
    return {
        "rows_per_second": f"{times.rows_per_second:,.0f}",
        "chunk_seconds": f"{ratios['chunk_seconds']:.2f}",
        "overhead": f"{ratios['chunk_overhead_share']:.0%}",
        "cents": f"{ratios['usd_per_million_rows'] * 100:.3f}",
        "units": f"{ratios['ledger_units_largest']:.0f}",
        "ledger_rate": f"{ratios['ledger_chunks_per_second']:.0f}",
        "ledger_concurrency": f"{ratios['ledger_concurrency']:.0f}",
        "plan_chunks": f"{ratios['plan_chunks']:,.0f}",
        "plan_gb": f"{planned / 1e9:,.0f}",
        "plan_tb": f"{planned * 8 / 1e12:.1f}",
        "s3_share": f"{ratios['s3_reads_share_at_1000']:.0%}",
        "call_ms": f"{times.client_call * 1000:.1f}",
        "init_ms": f"{times.init * 1000:.0f}",
        "s3_ms": f"{times.s3_call * 1000:.0f}",
        "s3_mb": f"{times.s3_bytes / 1e6:.0f}",
        "ddb_ms": f"{times.dynamodb_call * 1000:.0f}",
        "sqs_ms": f"{times.sqs_call * 1000:.0f}",
        "place_ms": f"{times.placement * 1000:.0f}",
        "notified": f"{times.notified:.0f}",
        "spread": f"{times.spread:.0%}",
    }


def _of_rows(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    calm, dies = rows["1e+09 rows, 50 at once"], rows["1 invocation in 1,000 dies"]
    fastest, few = rows["1e+09 rows, 1000 at once"], rows["300 left of the account's 1,000"]
    huge, larger = rows["1e+10 rows, 200 at once"], rows["1e+10 rows, 200 at once, 64 MiB"]
    return {
        "running_6": str(rows["1e+06 rows, 200 at once"]["running"]),
        "running_8": str(rows["1e+08 rows, 200 at once"]["running"]),
        "wall_calm": f"{calm['wall s']:,.0f}",
        "wall_dies": f"{dies['wall s']:,.0f}",
        "waits": dies["held up by"].rpartition(", ")[2],
        "retries": str(dies["retries"]),
        "throttled": f"{fastest['throttled']:,}",
        "wall_1000": f"{fastest['wall s']:,.0f}",
        "usd_1000": f"{fastest['USD']:.2f}",
        "wall_300": f"{few['wall s']:,.0f}",
        "usd_300": f"{few['USD']:.2f}",
        "huge_chunks": f"{huge['chunks']:,}",
        "huge_wall": f"{huge['wall s']:,.0f}",
        "huge_usd": f"{huge['USD']:.2f}",
        "larger_chunks": f"{larger['chunks']:,}",
        "larger_wall": f"{larger['wall s']:,.0f}",
        "larger_usd": f"{larger['USD']:.2f}",
    }


def _wrapped(text: str) -> str:
    """Paragraphs and list items anew within the width, for figures are as long as they are."""
    blocks = re.split(r"(\n\n|\n(?=- ))", text.strip())
    return "".join(block if block.startswith("\n") else _block(block) for block in blocks) + "\n"


def _block(block: str) -> str:
    return fill(
        " ".join(block.split()),
        _WIDTH,
        subsequent_indent="  " if block.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [_COLUMNS, ["---"] * len(_COLUMNS), *([_shown(row[name]) for name in _COLUMNS] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4f}" if value < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
