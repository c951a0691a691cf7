"""What is refused is refused alike, whatever carries it: same status, same words, never a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from onehandler.message import Request
from tests.conformance.carriers import CARRIERS, Answer, carriers, direct
from tests.hostile.table import CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onehandler.handler import Handler
    from tests.conformance.carriers import Carrier
    from tests.conformance.case import Case

_SOCKETS = ("uvicorn", "container")
_PLAIN = "/:~!'()*@,;=+$&-_.^"


@pytest.fixture(scope="module")
def all_carriers() -> Iterator[dict[str, Carrier]]:
    with carriers() as found:
        yield found


def carried(name: str, carrier: Carrier, handler: Handler, request: Request) -> Answer:
    """The answer; over a socket the path goes as clients write it, in percent-encoded ASCII."""
    if name in _SOCKETS:
        path = quote(request.path, safe=_PLAIN)
        request = Request(request.method, path, request.headers, request.body)
    return carrier(handler, request)


def carriable(case: Case) -> bool:
    """Header values are ASCII in HTTP; what a direct invocation may hold beside that no client can send."""
    return all(value.isascii() for value in case.headers.values())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CARRIERS)
def test_every_carrier_refuses_alike(
    name: str, handler_of: Callable[[str], Handler], all_carriers: dict[str, Carrier]
) -> None:
    different = {}
    for case in filter(carriable, CASES):
        if name in _SOCKETS and case.id == "method-unheard-of":
            continue  # uvicorn's HTTP parser knows the registered methods only, and refuses all others with 400
        handler = handler_of(case.bundle)
        expected = direct(handler, case.request)
        found = carried(name, all_carriers[name], handler, case.request)
        if (found.status, found.body) != (expected.status, expected.body):
            different[case.id] = (found.status, found.body[:200], expected.status, expected.body[:200])
    assert different == {}
