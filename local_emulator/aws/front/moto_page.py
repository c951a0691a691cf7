"""moto's own pages: its dashboard and its reset, which would leave half of this emulator standing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.front.lanes import PathClaim
from local_emulator.http.messages import problem

if TYPE_CHECKING:
    from local_emulator.http.messages import HttpRequest, HttpResponse


class MotoPageLane:
    """/moto-api/…, refused."""

    claims = (PathClaim("/moto-api/"),)
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Say what to do instead."""
        return problem(
            501,
            "Not supported",
            f"{request.head.path} would empty moto alone: functions, mappings and queues here would go on without "
            "it. End `onehandler emulate` and start it again: nothing is kept",
        )
