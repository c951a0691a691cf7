"""docs/performance.md is what its generator makes of the results that are kept."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from benchmarks.bars import bars
from benchmarks.performance import DOCS, SECTIONS, pages, results

PAGES = pages(results())


@pytest.mark.parametrize("name", PAGES)
def test_it_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name], "run python -m benchmarks.performance"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_benchmark_has_results_with_what_they_are_worth_nothing_without(section: object) -> None:
    found = results()[section.name]  # type: ignore[attr-defined]
    assert found["machine"]["cpus"] >= 1
    assert found["versions"]["python"]
    assert all(isinstance(value, (int, float)) for value in found["ratios"].values())


def test_bars_are_as_long_as_their_values_are_large() -> None:
    drawn = ElementTree.fromstring(bars("t & t", {"ours": 5.0, "<peer>": 20.0}, "ours"))
    rects = drawn.findall("{http://www.w3.org/2000/svg}rect")[1:]
    assert [float(rect.attrib["width"]) for rect in rects] == [105.0, 420.0]
    assert rects[0].attrib["fill"] != rects[1].attrib["fill"]
    assert (
        json.dumps([text.text for text in drawn.findall("{http://www.w3.org/2000/svg}text")]).count("<peer>")
        == 1
    )
