"""What was measured and advised, as one JSON object and as tables."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from onehandler.bench.breakdown import ABOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from onehandler.bench.advice import Advice, Setting
    from onehandler.bench.measuring import Measured


def to_json(measured: Measured, advice: Advice) -> dict[str, Any]:
    """Everything; times in milliseconds."""
    traced = measured.traced
    return {
        "cold": _figures(measured.cold_ms),
        "warm": _figures(measured.warm_ms),
        "warm_billed": _figures(measured.billed_ms),
        "peak_resident_mb": measured.peak_mb,
        "breakdown": {
            "total_ms": traced.total_ms,
            "cpu_ms": traced.cpu_ms,
            "total_over_untraced": traced.total_ms / measured.cold,
            "parts_ms": traced.by_name(),
            "other_threads": [
                {"name": part.name, "began_ms": part.began_ms, "ended_ms": part.ended_ms}
                for part in traced.beside
            ],
        },
        "advice": {
            "memory_mb": advice.suggested.memory_mb,
            "decided_by": advice.decided_by,
            "reasons": list(advice.reasons),
            "settings": [_setting(each) for each in advice.settings],
        },
    }


def _figures(samples: Sequence[float]) -> dict[str, float | int]:
    return {
        "median_ms": statistics.median(samples),
        "p99_ms": _p99(samples),
        "least_ms": min(samples),
        "samples": len(samples),
    }


def _p99(samples: Sequence[float]) -> float:
    ordered = sorted(samples)
    return ordered[-(-len(ordered) * 99 // 100) - 1]


def _setting(each: Setting) -> dict[str, float | int]:
    return {
        "memory_mb": each.memory_mb,
        "vcpu": each.vcpu,
        "cold_ms": each.cold_ms,
        "warm_ms": each.warm_ms,
        "gb_s_per_million": each.gb_s_per_million,
    }


def tables(measured: Measured, advice: Advice) -> list[Table]:
    """Totals, breakdown, settings."""
    return [_totals(measured), _breakdown(measured), _settings(advice)]


def _totals(measured: Measured) -> Table:
    table = _table("As deployed", "", "median ms", "p99 ms", "least ms", "samples")
    rows = (("cold start", measured.cold_ms), ("warm call", measured.warm_ms))
    for name, samples in rows:
        found = _figures(samples)
        table.add_row(name, *(f"{found[key]:.2f}" for key in list(found)[:3]), str(found["samples"]))
    return table


def _breakdown(measured: Measured) -> Table:
    traced = measured.traced
    table = _table(
        "Where a cold start goes (one traced start, the median of them)", "part", "ms", "share", ""
    )
    for name, taken in traced.by_name().items():
        table.add_row(name, f"{taken:.2f}", f"{taken / traced.total_ms:.0%}", ABOUT[name])
    off = traced.total_ms / measured.cold - 1
    table.add_row(
        "total", f"{traced.total_ms:.2f}", "100%", f"{off:+.0%} against the untraced median", style="bold"
    )
    table.add_row("(CPU time)", f"{traced.cpu_ms:.2f}", "", "of all threads together")
    for part in traced.beside:
        about = f"on another thread, {part.began_ms:.1f} to {part.ended_ms:.1f} ms: not in the total"
        table.add_row(f"({part.name})", f"{part.ms:.2f}", "", about)
    return table


def _settings(advice: Advice) -> Table:
    table = _table(
        "Memory settings (estimates)", "MB", "vCPU", "cold ms", "warm ms", "GB-s per million requests", ""
    )
    for each in advice.settings:
        chosen = each == advice.suggested
        figures = (
            f"{each.vcpu:.2f}",
            f"{each.cold_ms:.0f}",
            f"{each.warm_ms:.2f}",
            f"{each.gb_s_per_million:,.0f}",
        )
        table.add_row(
            str(each.memory_mb), *figures, "suggested" if chosen else "", style="bold" if chosen else ""
        )
    return table


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table  # not needed for --json

    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        last = number == len(columns) - 1 and not column
        table.add_column(column, justify="left" if last or number == 0 else "right")
    return table
