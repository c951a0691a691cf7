"""JSON Lines results: one object a row with row, offset, carried, and either prediction or error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from onehandler.codecs.json import dumps
from onehandler.results import named_rows, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onehandler.batch.inputs import Block, Layout
    from onehandler.batch.results import Result
    from onehandler.errors import OnehandlerError
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors


class JsonLines:
    """The format of .jsonl."""

    extension = "jsonl"
    content_type = "application/jsonl"

    def check(self, signature: Signature, carry: Sequence[str]) -> None:
        """Any model, and any names: they stand in an object of their own."""

    def writer(self, signature: Signature, layout: Layout) -> JsonLinesWriter:
        """Empty."""
        return JsonLinesWriter(signature, layout.carry)

    def failed(self, body: bytes) -> Iterator[tuple[int, int, str]]:
        """Where and what, in one string."""
        for line in body.splitlines():
            found = json.loads(line)
            error = found.get("error")
            where = f"{error['where']}: " if error and "where" in error else ""
            yield found["row"], found["offset"], f"{where}{error['message']}" if error else ""

    def head_size(self, beginning: bytes) -> int | None:  # noqa: ARG002
        """There is no head."""
        return 0

    def joined_head(self, head: bytes, rows: int) -> bytes:  # noqa: ARG002
        """Nor here."""
        return b""


class JsonLinesWriter:
    """Implements Writer."""

    def __init__(self, signature: Signature, carry: Sequence[str]) -> None:
        self._signature = signature
        self._carry = tuple(carry)
        self._pieces: list[bytes] = []

    def block(self, first: int, block: Block, outputs: Tensors) -> None:
        """As `results`."""
        rows = named_rows(self._signature, outputs)
        if not self._carry:
            told = zip(block.offsets, rows, strict=True)
            self._pieces += [
                dumps({"row": number, "offset": offset, "prediction": row}) + b"\n"
                for number, (offset, row) in enumerate(told, start=first)
            ]
            return
        carried = zip(*block.carried(), strict=True)
        for number, (offset, row, values) in enumerate(
            zip(block.offsets, rows, carried, strict=True), start=first
        ):
            self._pieces.append(dumps({**self._told(number, offset, values), "prediction": row}) + b"\n")

    def results(self, results: Sequence[Result]) -> None:
        """One line each."""
        for result in results:
            entry = self._told(result.row, result.offset, result.carried)
            if result.error is None:
                entry["prediction"] = result.prediction
            else:
                entry["error"] = _error(result.error)
            self._pieces.append(dumps(entry) + b"\n")

    def body(self) -> bytes:
        """All lines."""
        return b"".join(self._pieces)

    def _told(self, row: int, offset: int, carried: Sequence[Any]) -> dict[str, Any]:
        entry: dict[str, Any] = {"row": row, "offset": offset}
        if self._carry:
            entry["carried"] = dict(zip(self._carry, map(spelled, carried), strict=True))
        return entry


def _error(error: OnehandlerError) -> dict[str, str]:
    found = {"kind": error.kind.value, "message": error.message}
    return {**found, "where": error.where} if error.where else found


OUTPUT = JsonLines()
