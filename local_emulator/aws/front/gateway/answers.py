"""What an HTTP API says by itself, in API Gateway's own words."""

from __future__ import annotations

from local_emulator.http.messages import HttpResponse, json_response


def _message(status: int, message: str) -> HttpResponse:
    return json_response(status, {"message": message})


UNAUTHORIZED = _message(401, "Unauthorized")
FORBIDDEN = _message(403, "Forbidden")
NOT_FOUND = _message(404, "Not Found")
TOO_LARGE = _message(413, "Request Entity Too Large")
TOO_MANY_REQUESTS = _message(429, "Too Many Requests")
INTERNAL_SERVER_ERROR = _message(500, "Internal Server Error")
SERVICE_UNAVAILABLE = _message(503, "Service Unavailable")


def not_emulated(what: str) -> HttpResponse:
    """Refuse by name what API Gateway has and the emulator does not."""
    return _message(501, f"Not emulated: {what}")


def hinted(response: HttpResponse, hint: str) -> HttpResponse:
    """Keep AWS's answer, and say in a header what the emulator knows about it."""
    return response.with_headers(("x-emulator-hint", hint[:1000]))
