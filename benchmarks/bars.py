"""Horizontal bars as SVG: one figure of several things, on a scale that begins at zero."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABELS, _BARS, _FIGURES, _ROW = 270, 420, 90, 24  # pixels
_OURS, _OTHERS, _TEXT = "#0b6e4f", "#9aa5b1", "#1f2933"


def bars(title: str, values: Mapping[str, float], ours: str) -> str:
    """The plot. Names that begin with `ours` have their own colour."""
    width, height = _LABELS + _BARS + _FIGURES, (len(values) + 2) * _ROW
    largest = max(values.values())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="{_TEXT}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="8" y="{_ROW * 0.8:.0f}" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(values.items(), start=1):
        top = number * _ROW + 8
        length = max(1.0, value / largest * _BARS)
        colour = _OURS if name.startswith(ours) else _OTHERS
        lines += [
            f'<text x="{_LABELS - 8}" y="{top + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LABELS}" y="{top}" width="{length:.1f}" height="{_ROW - 7}" fill="{colour}"/>',
            f'<text x="{_LABELS + length + 6:.1f}" y="{top + 13}">{value:,.{0 if value >= 10 else 1}f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
