"""Everything on one port: the guard, the lanes, and moto for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.front.lanes import LaneTable
from local_emulator.http.guard import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_emulator.aws.front.lanes import Lane
    from local_emulator.http.messages import HttpRequest, HttpResponse, RequestHead


class Answerer(Protocol):
    """Answers whatever no lane claims."""

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        ...


class Front:
    """The application that the emulator's server serves."""

    def __init__(self, lanes: Iterable[Lane], control_plane: Answerer) -> None:
        self._lanes = LaneTable(lanes)
        self._control_plane = control_plane

    def admit(self, head: RequestHead) -> HttpResponse | None:
        """Let the guard decide, before the body is read."""
        lane = self._lanes.find(head)
        return refusal(head, public=lane is not None and lane.public)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer through the lane that claims the request, or the control plane."""
        lane = self._lanes.find(request.head)
        return self._control_plane.answer(request) if lane is None else lane.answer(request)
