"""One request that every carrier must answer alike, and short ways to write it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from onehandler.message import Request

JSON = {"content-type": "application/json"}


class Case(NamedTuple):
    """One request and the status that answers it."""

    id: str
    bundle: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def request(self) -> Request:
        return Request(self.method, self.path, self.headers, self.body)


def post(
    case_id: str, body: Any, status: int = 200, bundle: str = "iris", path: str = "/predict", **headers: str
) -> Case:
    """A POST of JSON, or of the bytes or text given; header names with _ for -."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    sent = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return Case(case_id, bundle, "POST", path, sent, raw, status)


def get(case_id: str, path: str, status: int = 200, method: str = "GET", **headers: str) -> Case:
    """A request without a body."""
    return Case(case_id, "iris", method, path, headers, b"", status)


def tf(case_id: str, body: Any, status: int = 200, bundle: str = "iris", **headers: str) -> Case:
    """A POST to TensorFlow Serving's predict."""
    return post(case_id, body, status, bundle, f"/v1/models/{bundle}:predict", **headers)
