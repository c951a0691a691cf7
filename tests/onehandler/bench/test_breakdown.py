"""Parts add up, whatever order the threads end in; a trace that makes no sense is refused."""

from __future__ import annotations

import pytest

from onehandler.bench.breakdown import Span, Trace, breakdown
from onehandler.errors import ModelError

MS = 1_000_000
MARKS = (
    ("interpreter", 10 * MS),
    ("early start", 15 * MS),
    ("runtime client", 30 * MS),
    ("imports", 32 * MS),
    ("session", 40 * MS),
    ("imports", 41 * MS),
    ("event", 42 * MS),
    ("decode", 43 * MS),
    ("first run", 45 * MS),
    ("encode", 46 * MS),
)


def trace(library_ms: int) -> Trace:
    library = Span("library", 11 * MS, library_ms * MS)
    return Trace(0, MARKS, (library, Span("session", 12 * MS, 40 * MS)), 50 * MS, 66 * MS)


@pytest.mark.parametrize(
    ("library_ms", "library_wait", "session_wait"), [(20, 0.0, 8.0), (35, 3.0, 5.0), (40, 8.0, 0.0)]
)
def test_the_wait_is_cut_where_the_library_was_there(
    library_ms: int, library_wait: float, session_wait: float
) -> None:
    found = breakdown(trace(library_ms))
    parts = found.by_name()
    assert parts["library"] == pytest.approx(library_wait)
    assert parts["session"] == pytest.approx(session_wait)
    assert found.cpu_ms == pytest.approx(66.0)
    assert parts["imports"] == pytest.approx(3.0)
    assert sum(parts.values()) == pytest.approx(found.total_ms) == pytest.approx(50.0)


def test_opening_the_session_does_not_count_its_wait_for_the_library() -> None:
    session = breakdown(trace(35)).beside[1]
    assert (session.began_ms, session.ended_ms) == (35.0, 40.0)


def test_a_start_without_runs_still_adds_up() -> None:
    """A bundle's own handler may answer without its model."""
    marks = tuple(mark for mark in MARKS if mark[0] not in ("decode", "first run"))
    found = breakdown(Trace(0, marks, trace(20).beside, 50 * MS, 0))
    assert found.by_name()["first run"] == 0
    assert sum(found.by_name().values()) == pytest.approx(50.0)


def test_a_trace_that_goes_back_in_time_is_refused() -> None:
    with pytest.raises(ModelError, match="'answer' ends"):
        breakdown(Trace(0, MARKS, trace(20).beside, 45 * MS, 0))


def test_a_trace_without_the_library_is_refused() -> None:
    with pytest.raises(ModelError, match="libonnxruntime"):
        breakdown(Trace(0, MARKS, (), 50 * MS, 0))
