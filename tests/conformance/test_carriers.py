"""One suite over every carrier: equal status, equal body, equal headers where both set them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.carriers import CARRIERS, carriers, direct
from tests.conformance.case import Case
from tests.conformance.table import CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onehandler.handler import Handler
    from tests.conformance.carriers import Carrier


@pytest.fixture(scope="module")
def all_carriers() -> Iterator[dict[str, Carrier]]:
    with carriers() as found:
        yield found


def test_the_table_has_no_id_twice() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_handler_answers(case: Case, handler_of: Callable[[str], Handler]) -> None:
    answer = direct(handler_of(case.bundle), case.request)
    assert answer.status == case.status, answer.body


@pytest.mark.parametrize("name", CARRIERS)
@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_carrier_answers_alike(
    case: Case, name: str, handler_of: Callable[[str], Handler], all_carriers: dict[str, Carrier]
) -> None:
    handler = handler_of(case.bundle)
    expected = direct(handler, case.request)
    found = all_carriers[name](handler, case.request)
    assert (found.status, found.body) == (expected.status, expected.body)
    for header, value in expected.headers.items():
        assert found.headers.get(header) == value, header
