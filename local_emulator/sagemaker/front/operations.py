"""What lanes of the control plane have in common: JSON in, JSON out, errors as SageMaker words them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.front.credentials import credential_of
from local_emulator.http.messages import HttpResponse
from local_emulator.sagemaker.contracts import Place
from local_emulator.sagemaker.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.http.messages import HttpRequest, RequestHead

    Done = Callable[[str, Place, dict[str, Any]], dict[str, Any]]


def answered(request: HttpRequest, account_of: Callable[[str], str], done: Done) -> HttpResponse:
    """Have `done` do the operation that X-Amz-Target names, in the account and region of the request's signature."""
    operation = (request.head.headers.get("x-amz-target") or "").rpartition(".")[2]
    try:
        told = done(operation, place_of(request.head, account_of), json.loads(request.body.read() or b"{}"))
    except InvalidRequest as error:
        return _json(400, {"__type": "ValidationException", "message": error.message})
    except (ValueError, TypeError, KeyError):
        return _json(400, {"__type": "SerializationException", "message": "the request is not understood"})
    return _json(200, told)


def place_of(head: RequestHead, account_of: Callable[[str], str]) -> Place:
    """Account and region of a request's signature. InvalidRequest when it has none."""
    credential = credential_of(head)
    if credential is None:
        raise InvalidRequest("the request is not signed: its region is not known")
    return Place(account_of(credential.access_key), credential.region)


def _json(status: int, told: dict[str, Any]) -> HttpResponse:
    return HttpResponse(status, (("Content-Type", "application/x-amz-json-1.1"),), json.dumps(told).encode())
