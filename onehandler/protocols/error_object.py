"""Errors as {"error": text}: the form of TensorFlow Serving and of the Open Inference Protocol."""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.errors import Kind
from onehandler.message import Response
from onehandler.protocols.problem import STATUSES, public_message, public_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.errors import OnehandlerError

_ERROR_LIMIT = 1200  # characters: below 8 KB even if every one is escaped to six bytes


def refuse(error: OnehandlerError) -> Response:
    """Say an error so."""
    code, text = told(error)
    headers = {"content-type": json.CONTENT_TYPE, **error.details}
    return Response(code, headers, json.dumps({"error": text}))


def told(error: OnehandlerError) -> tuple[int, str]:
    """Status and text of an error, with 400 for whatever is wrong with the tensors: most servers say so."""
    code = 400 if error.kind in (Kind.INVALID, Kind.MODEL) else STATUSES[error.kind]
    text, where = public_message(error), public_place(error)
    text = f"{where}: {text}" if where else text
    return code, text[:_ERROR_LIMIT]
