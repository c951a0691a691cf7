"""JSON Lines: one row a line, as an array of values or an object by column or input name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onehandler.codecs.json import dumps, loads
from onehandler.errors import InvalidInput, OnehandlerError, RequestError, shown
from onehandler.results import named_rows
from onehandler.rows import tensors_from_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onehandler.batch.results import Result
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors


class JsonLines:
    """The format under ".jsonl" and ".ndjson"."""

    extension = "jsonl"
    content_type = "application/jsonl"

    def header(self, first_line: bytes, signature: Signature) -> list[str]:  # noqa: ARG002
        """There is none: every row names its own columns or has them all in order."""
        return []

    def row(
        self,
        record: bytes,
        columns: list[str],  # noqa: ARG002
        signature: Signature,  # noqa: ARG002
    ) -> dict[str, Any] | list[Any]:
        """One line parsed as strictly as a request body."""
        found = loads(record.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(found, (dict, list)):
            raise InvalidInput(f"a row is an array or an object, not {shown(found)}")
        return found

    def tensors(
        self,
        lines: Sequence[bytes],
        columns: list[str],  # noqa: ARG002
        signature: Signature,
    ) -> Tensors | None:
        """Arrays of numbers, each line a document of its own. Objects could name something twice."""
        if any(b"{" in line for line in lines):
            return None
        try:
            rows = [*map(orjson.loads, lines)]
            return tensors_from_rows(signature, rows, "row")
        except (orjson.JSONDecodeError, RequestError):
            return None

    def head(self, signature: Signature) -> bytes:  # noqa: ARG002
        """Nothing."""
        return b""

    def write(self, results: Iterable[Result], signature: Signature) -> bytes:  # noqa: ARG002
        """One object a row: row, offset, and either prediction or error."""
        return b"".join(_line(result) for result in results)

    def write_block(
        self, first: int, offsets: Sequence[int], outputs: Tensors, signature: Signature
    ) -> bytes:
        """As `write`."""
        rows = zip(offsets, named_rows(signature, outputs), strict=True)
        return b"".join(
            dumps({"row": number, "offset": offset, "prediction": row}) + b"\n"
            for number, (offset, row) in enumerate(rows, start=first)
        )


def _line(result: Result) -> bytes:
    entry: dict[str, Any] = {"row": result.row, "offset": result.offset}
    if result.error is None:
        entry["prediction"] = result.prediction
    else:
        entry["error"] = _error(result.error)
    return dumps(entry) + b"\n"


def _error(error: OnehandlerError) -> dict[str, str]:
    found = {"kind": error.kind.value, "message": error.message}
    return {**found, "where": error.where} if error.where else found


FORMAT = JsonLines()
