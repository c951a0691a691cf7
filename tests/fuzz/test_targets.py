"""Every fuzz target on its seeds, and on every input that ever was a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import NAMES, target

FOUND = Path(__file__).parent / "found"
FAULTS = sorted(str(path.relative_to(FOUND)) for path in FOUND.glob("*/*"))


@pytest.mark.parametrize("name", NAMES)
def test_seeds_are_no_faults(name: str) -> None:
    chosen = target(name)
    seeds = list(chosen.seeds())
    assert len(seeds) >= 3
    for seed in seeds:
        chosen.fuzz(seed)
    for cut in range(0, len(seeds[0]), max(1, len(seeds[0]) // 50)):
        chosen.fuzz(seeds[0][:cut])


@pytest.mark.parametrize("path", FAULTS)
def test_what_was_a_fault_is_none(path: str) -> None:
    target(path.partition("/")[0]).fuzz((FOUND / path).read_bytes())


def test_a_fault_would_be_told() -> None:
    """The JSON target compares three readers: what only one of them takes is a fault."""
    from tests.fuzz.targets import json_codec

    assert not json_codec.same([1], [1.0])
    assert not json_codec.same({"a": 0.0}, {"a": -0.0})
    assert json_codec.same({"a": [1.5, None]}, {"a": [1.5, None]})
