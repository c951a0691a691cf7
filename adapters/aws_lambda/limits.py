"""Results that Lambda wouldn't carry: refused in words, instead of the opaque 502 that a caller would see."""

from __future__ import annotations

from json import dumps

from onehandler.errors import TooLarge
from onehandler.protocols import problem, protocol_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from adapters.aws_lambda.events import Source
    from onehandler.message import Request

_OVERHEAD = 8 * 1024  # status, headers and member names of a result
_WORST_ESCAPE = 6  # bytes that JSON may take for one character of a body


def fitting(source: Source, event: Any, request: Request, result: dict[str, Any]) -> dict[str, Any]:
    """The result itself, or a 413 naming the limit when it is larger than its source carries."""
    limit = source.limit - _OVERHEAD
    body = result.get("body", result)
    if isinstance(body, str) and len(body) * _WORST_ESCAPE <= limit:
        return result
    size = len(dumps(body))
    if size <= limit:
        return result
    error = TooLarge(
        f"the answer has {size:,} bytes, {limit:,} can be carried; send fewer rows in a request",
        where="answer",
    )
    return source.result(event, (protocol_at(request.path) or problem).refuse(error))
