"""The page that says the emulator is up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.front.lanes import PathClaim
from local_emulator.http.messages import json_response, problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from local_emulator.http.messages import HttpRequest, HttpResponse

PATH = "/_emulator/health"


class HealthLane:
    """GET /_emulator/health."""

    claims = (PathClaim("/_emulator/"),)
    public = False

    def __init__(self, version: str, services: Sequence[str], started_at: datetime) -> None:
        self._answer = json_response(
            200, {"version": version, "services": list(services), "startedAt": started_at.isoformat()}
        )

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Say that the emulator is up."""
        if request.head.path != PATH:
            return problem(404, "Not found", f"there is no {request.head.path}; there is {PATH}")
        if request.head.method not in {"GET", "HEAD"}:
            return problem(405, "Method not allowed", f"{PATH} takes GET and HEAD").with_headers(
                ("Allow", "GET, HEAD")
            )
        return self._answer
