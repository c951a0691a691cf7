"""What a server says when it does not get to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.message import Response
from onehandler.protocols import problem, protocol_at

if TYPE_CHECKING:
    from onehandler.errors import Unavailable
    from onehandler.message import Request

_RETRY_AFTER = "1"  # seconds: another worker, or this one, has time again by then


def refused(request: Request, error: Unavailable) -> Response:
    """The refusal in the form that the path's clients expect, with the time after which to try again."""
    said = (protocol_at(request.path) or problem).refuse(error)
    headers = {**said.headers, "retry-after": _RETRY_AFTER}
    return for_method(request, Response(said.status, headers, said.body))


def for_method(request: Request, response: Response) -> Response:
    """The response; to HEAD without its body."""
    if request.method != "HEAD" or not response.body:
        return response
    return Response(response.status, response.headers, b"")
