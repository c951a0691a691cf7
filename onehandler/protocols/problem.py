"""Errors as RFC 9457 problem details, and the one table from our kinds of fault to HTTP status codes."""

from __future__ import annotations

from json import dumps

from onehandler.errors import Kind, OnehandlerError
from onehandler.message import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/problem+json"
STATUSES = {
    Kind.MALFORMED: 400,
    Kind.NOT_FOUND: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_TYPE: 415,
    Kind.INVALID: 422,
    Kind.MODEL: 422,  # the same values fail again: not a fault of the server's that a retry could cure
    Kind.BUNDLE: 500,
    Kind.SETTINGS: 500,
    Kind.INTERNAL: 500,
    Kind.UNAVAILABLE: 503,
    Kind.TIMED_OUT: 504,
    Kind.OUT_OF_MEMORY: 507,
}
_TITLES = {
    Kind.MALFORMED: "The body cannot be read",
    Kind.NOT_FOUND: "Not found",
    Kind.METHOD_NOT_ALLOWED: "Method not allowed",
    Kind.NOT_ACCEPTABLE: "Not acceptable",
    Kind.TOO_LARGE: "Too large",
    Kind.UNSUPPORTED_TYPE: "Unsupported type",
    Kind.INVALID: "The input does not fit the model",
    Kind.MODEL: "The model cannot answer this input",
    Kind.CONFLICT: "There already",
    Kind.UNAVAILABLE: "Unavailable for the moment",
    Kind.TIMED_OUT: "Not answered in time",
    Kind.OUT_OF_MEMORY: "Not enough memory",
}
# Detail and place together stay below 8 KB even if every character is escaped to six bytes.
_DETAIL_LIMIT = 1000
_WHERE_LIMIT = 200


def refuse(error: OnehandlerError) -> Response:
    """Say an error as problem+json: type, title, status, detail and, where there is a place, where."""
    problem = {
        "type": f"urn:onehandler:{error.kind.value.replace(' ', '-')}",
        "title": _TITLES.get(error.kind, "Internal error"),
        "status": STATUSES[error.kind],
        "detail": public_message(error)[:_DETAIL_LIMIT],
    }
    where = public_place(error)
    if where:
        problem["where"] = where[:_WHERE_LIMIT]
    return _response(problem, error.details)


def internal(request_id: str) -> Response:
    """Answer for a fault that nobody foresaw: no details but the id under which the log has them."""
    detail = "the fault has been logged"
    if request_id:
        detail += f" under request id {request_id[:100]}"
    return _response(
        {"type": "urn:onehandler:internal", "title": "Internal error", "status": 500, "detail": detail}, {}
    )


def public_message(error: OnehandlerError) -> str:
    """What a client may read. A runtime's own words can quote the input: those stay in the log."""
    if error.kind is Kind.MODEL:
        return "the input has the right types and shapes, but the model fails on its values; see the log"
    if STATUSES[error.kind] == STATUSES[Kind.INTERNAL]:
        return "the deployment is at fault; see the log"
    return error.message


def public_place(error: OnehandlerError) -> str:
    """Where it is, for a client: what is wrong with the deployment lies at a path that is nobody else's business."""
    return "" if STATUSES[error.kind] == STATUSES[Kind.INTERNAL] else error.where


def _response(problem: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    body = dumps(problem, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    status = problem["status"]
    assert isinstance(status, int)
    return Response(status, {"content-type": CONTENT_TYPE, **headers}, body)
