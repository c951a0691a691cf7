"""JSON Lines: one row a line, as an array of values or an object by column or input name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onehandler.batch.inputs import Layout
from onehandler.batch.inputs.line_block import LineBlock
from onehandler.batch.inputs.lines import line_blocks
from onehandler.codecs.json import loads
from onehandler.errors import InvalidInput, RequestError, shown
from onehandler.rows import tensors_from_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onehandler.batch.inputs import Asked, File
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors


class JsonLines:
    """The format under ".jsonl" and ".ndjson"."""

    def layout(self, file: File, signature: Signature, asked: Asked) -> Layout:
        """Byte ranges; there is no header. Columns to be carried that the model doesn't take are no fault of a row."""
        spec = signature.inputs[0]
        columns = spec.columns if len(signature.inputs) == 1 else [each.name for each in signature.inputs]
        chunks = -(-file.size // asked.chunk_bytes)
        return Layout(chunks, 0, asked.chunk_bytes, list(columns), list(asked.carry))

    def blocks(
        self,
        file: File,
        layout: Layout,
        chunk: int,
        *,
        inside: bool,  # noqa: ARG002
        most: int,  # noqa: ARG002
    ) -> Iterator[LineBlock]:
        """Lines, as many as a read gives."""
        start, end = layout.range_of(chunk, file.size)
        for lines in line_blocks(file.read, start, end, layout.start):
            yield LineBlock(self, lines, layout)

    def row(self, record: bytes, layout: Layout, signature: Signature) -> dict[str, Any] | list[Any]:  # noqa: ARG002
        """One line parsed as strictly as a request body, without what is only carried."""
        found = _parsed(record)
        if not isinstance(found, (dict, list)):
            raise InvalidInput(f"a row is an array or an object, not {shown(found)}")
        if layout.carry and isinstance(found, dict):
            only_carried = set(layout.carry) - set(layout.columns)
            return {name: value for name, value in found.items() if name not in only_carried}
        return found

    def carried(self, record: bytes, layout: Layout) -> list[Any]:
        """Values by name, in arrays by the place of the model's column; None where there is no such."""
        try:
            found = _parsed(record)
        except RequestError:
            found = {}
        if isinstance(found, list):
            found = dict(zip(layout.columns, found, strict=False))
        return [found.get(name) if isinstance(found, dict) else None for name in layout.carry]

    def tensors(self, lines: Sequence[bytes], layout: Layout, signature: Signature) -> Tensors | None:  # noqa: ARG002
        """Arrays of numbers, each line a document of its own. Objects could name something twice."""
        if any(b"{" in line for line in lines):
            return None
        try:
            rows = [*map(orjson.loads, lines)]
            return tensors_from_rows(signature, rows, "row")
        except (orjson.JSONDecodeError, RequestError):
            return None


def _parsed(record: bytes) -> Any:
    return loads(record.removeprefix(b"\xef\xbb\xbf"))


INPUT = JsonLines()
