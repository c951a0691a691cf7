"""The waterfall is well-formed, self-contained, and draws every part where it lies."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from onehandler.bench.breakdown import breakdown
from onehandler.bench.plot import waterfall
from tests.onehandler.bench.test_breakdown import trace

SVG = "{http://www.w3.org/2000/svg}"


def test_every_part_is_a_bar_of_its_length() -> None:
    found = breakdown(trace(35))
    drawn = waterfall(found, "a <b> & c")
    root = ElementTree.fromstring(drawn)
    bars = root.findall(f"{SVG}rect")[1:]  # the first is the ground
    assert len(bars) == len(found.parts) + len(found.beside)
    main = [bar for bar in bars if bar.get("fill") == bars[0].get("fill")]
    widths = sum(float(bar.attrib["width"]) for bar in main)
    assert widths == pytest.approx(640, abs=0.2)
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert texts[0] == "a <b> & c"
    assert {"session (wait)", "session (other thread)"} <= set(texts)
    assert "href" not in drawn
