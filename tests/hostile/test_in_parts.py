"""What is read in parts, as large bodies are, is answered as what is read at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.table import CASES as ANSWERED
from tests.hostile.raw_bodies import MARKER
from tests.hostile.table import CASES as HOSTILE
from tests.small_parts import small_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler
    from tests.conformance.case import Case

CASES = [each for each in (*ANSWERED, *HOSTILE) if each.body]


@pytest.mark.parametrize("flat", [False, True], ids=["cut anywhere", "cut between rows"])
@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_answer_is_the_same(case: Case, flat: bool, handler_of: Callable[[str], Handler]) -> None:
    handler = handler_of(case.bundle)
    at_once = handler.answer(case.request)
    with small_parts(flat=flat):
        in_parts = handler.answer(case.request)
    assert in_parts.status == at_once.status
    if at_once.status == 200:  # errors may tell another place, or that an array is large
        assert (in_parts.headers, in_parts.body) == (at_once.headers, at_once.body)
    else:
        assert MARKER not in in_parts.body.decode()
