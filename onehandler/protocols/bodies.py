"""Bodies that are not JSON: a table, an image, a text, or one tensor's bytes."""

from __future__ import annotations

from onehandler.codecs.compression import decoded
from onehandler.errors import UnsupportedType
from onehandler.protocols.content import BINARY, CSV, LARGE, charset, parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from onehandler.message import Request
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors


def tensors_from(signature: Signature, request: Request, limit: int) -> tuple[str, Tensors]:
    """The form that the answer has as well ("rows" or "inputs"), and the inputs."""
    body = decoded(request.body, request.headers.get("content-encoding", ""), limit)
    media = request.content_type
    if media in BINARY:
        from onehandler.protocols.binary import tensors_from_body  # each client sends one type

        return "inputs", tensors_from_body(signature, request, body)
    if media == CSV:
        return "rows", _table(signature, request.headers["content-type"], body)
    from onehandler.protocols.one_row import tensors_of_media

    return "rows", tensors_of_media(signature, request.headers["content-type"], body)


def tensors_of_rows(signature: Signature, rows: Iterator[Any], size: int) -> Tensors:
    """The inputs of rows that are read one by one from a body of so many bytes."""
    if size < LARGE:
        from onehandler.rows import tensors_from_rows  # see tensors_from

        return tensors_from_rows(signature, list(rows))
    from onehandler.large_rows import tensors_of_table

    return tensors_of_table(signature, rows)


def _table(signature: Signature, content_type: str, body: bytes) -> Tensors:
    from onehandler.codecs import csv  # see tensors_from
    from onehandler.protocols.table_rows import rows_of

    if charset(content_type) not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedType("tables are always UTF-8; leave the charset away", where="content-type")
    rows = rows_of(signature, csv.loads(body), parameter(content_type, "header").lower())
    return tensors_of_rows(signature, rows, len(body))
