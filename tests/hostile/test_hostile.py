"""Whatever comes: 4xx where the request is at fault, never a 500, at most 8 KB, and no echo of the input."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from onehandler.message import Request
from tests.bundles import ROW
from tests.hostile.raw_bodies import MARKER
from tests.hostile.table import CASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler
    from tests.conformance.case import Case


def test_there_are_enough_and_no_id_twice() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 500


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_hostile(case: Case, handler_of: Callable[[str], Handler]) -> None:
    handler = handler_of(case.bundle)
    response = handler.answer(case.request)
    text = response.body.decode()
    assert response.status == case.status, text
    assert len(response.body) <= 8192
    assert MARKER not in text + str(response.headers)
    for telling in ("Traceback", ".py", "object at 0x"):
        assert telling not in text
    assert_says_what(response.headers["content-type"], json.loads(text))


def assert_says_what(content_type: str, answer: dict[str, object]) -> None:
    if content_type == "application/json":
        assert tuple(answer) in (("error",), ("error_code", "message"), ("code", "type", "message"))
        assert all(answer.values())
        return
    assert content_type == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= answer.keys()
    assert answer["detail"]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_bodies_are_told_where(case: Case, handler_of: Callable[[str], Handler]) -> None:
    response = handler_of(case.bundle).answer(case.request)
    if case.method == "POST" and "problem" in response.headers["content-type"] and case.bundle == "iris":
        assert json.loads(response.body)["where"]


def test_the_handler_works_after_all_of_it(handler_of: Callable[[str], Handler]) -> None:
    handler = handler_of("iris")
    for case in CASES[:60]:
        handler.answer(case.request)
    body = json.dumps({"rows": [ROW]}).encode()
    assert handler.answer(Request("POST", "/predict", {}, body)).status == 200


def test_a_bomb_takes_bounded_memory(handler_of: Callable[[str], Handler]) -> None:
    case = next(case for case in CASES if case.id == "deflate-bomb")
    handler = handler_of("iris")
    handler.answer(case.request)
    tracemalloc.start()
    try:
        handler.answer(case.request)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * handler.settings.max_body
