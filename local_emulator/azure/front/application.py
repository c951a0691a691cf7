"""Everything on the host's port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from local_emulator.http.guard import refusal
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_emulator.http.messages import HttpRequest, RequestHead

_HOME = b"Your Functions 4.0 app is up and running"


class Part(Protocol):
    """Answers some of the paths."""

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or give None when the path is not this part's."""
        ...


class Application:
    """What the server serves: the parts in order, then the home page."""

    def __init__(self, parts: Sequence[Part], *, homepage: bool) -> None:
        self._parts = parts
        self._homepage = homepage

    def admit(self, head: RequestHead) -> HttpResponse | None:
        """Keep web pages of other sites away, before a body is read."""
        return refusal(head, public=False)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer through the first part that claims the path."""
        for part in self._parts:
            response = part.answer(request)
            if response is not None:
                return response
        if request.head.path == "/":
            if not self._homepage:
                return HttpResponse(204)
            return HttpResponse(200, (("Content-Type", "text/plain; charset=utf-8"),), _HOME)
        return HttpResponse(404)
