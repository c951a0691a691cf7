"""The waterfall of a traced start as one self-contained SVG file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from onehandler.bench.breakdown import ABOUT, LIBRARY, SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.bench.breakdown import Breakdown, Part

_LABELS, _BARS, _VALUES = 170, 640, 80  # widths
_ROW, _TOP, _TICKS = 24, 44, 8
_MAIN, _BESIDE = "#2a6f97", "#a9c9d9"


def waterfall(found: Breakdown, title: str) -> str:
    """Draw every part where it lies between spawn and answer, and paler what other threads did meanwhile."""
    rows = [(_label(name), _named(found.parts, name), _MAIN) for name in ABOUT]
    rows += [(f"{part.name} (other thread)", [part], _BESIDE) for part in found.beside]
    height = _TOP + len(rows) * _ROW + 34
    scale = _BARS / max(part.ended_ms for part in (*found.parts, *found.beside))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_width()}" height="{height}" '
        f'viewBox="0 0 {_width()} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_width()}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
        *_axis(scale, _TOP + len(rows) * _ROW),
    ]
    for number, (label, parts, colour) in enumerate(rows):
        lines += _row(label, parts, colour, _TOP + number * _ROW, scale)
    return "\n".join([*lines, "</svg>", ""])


def _row(label: str, parts: list[Part], colour: str, y: int, scale: float) -> Iterator[str]:
    yield f'<text x="{_LABELS - 8}" y="{y + 16}" text-anchor="end">{escape(label)}</text>'
    for part in parts:
        yield (
            f'<rect x="{_LABELS + part.began_ms * scale:.2f}" y="{y + 4}" '
            f'width="{max(0.5, part.ms * scale):.2f}" height="{_ROW - 8}" fill="{colour}"/>'
        )
    end = max((part.ended_ms for part in parts), default=0.0)
    total = sum(part.ms for part in parts)
    yield f'<text x="{_LABELS + end * scale + 5:.2f}" y="{y + 16}">{total:.2f} ms</text>'


def _axis(scale: float, bottom: int) -> Iterator[str]:
    step = _step(_BARS / scale)
    for number in range(int(_BARS / scale / step) + 1):
        x = _LABELS + number * step * scale
        yield f'<line x1="{x:.2f}" x2="{x:.2f}" y1="{_TOP}" y2="{bottom}" stroke="#ddd"/>'
        yield (
            f'<text x="{x:.2f}" y="{bottom + 18}" text-anchor="middle" fill="#555">{number * step:g} ms</text>'
        )


def _step(whole: float) -> float:
    """The distance of ticks: 1, 2 or 5 times a power of ten, with no more than eight of them."""
    step = 0.1
    while True:
        for times in (1, 2, 5):
            if whole / (step * times) <= _TICKS:
                return step * times
        step *= 10


def _named(parts: tuple[Part, ...], name: str) -> list[Part]:
    return [part for part in parts if part.name == name]


def _label(name: str) -> str:
    return f"{name} (wait)" if name in (LIBRARY, SESSION) else name


def _width() -> int:
    return _LABELS + _BARS + _VALUES
