"""Lines as rows: what formats of one row a line share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.batch.inputs.lines import RECORD_LIMIT
from onehandler.errors import RequestError, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.batch.inputs import Layout
    from onehandler.batch.inputs.lines import Lines
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors


class LineFormat(Protocol):
    """How a line says a row."""

    def tensors(self, lines: Sequence[bytes], layout: Layout, signature: Signature) -> Tensors | None:
        """Many lines at once, as Block.tensors."""
        ...

    def row(self, record: bytes, layout: Layout, signature: Signature) -> dict[str, Any] | list[Any]:
        """One line. Raises MalformedBody or InvalidInput."""
        ...

    def carried(self, record: bytes, layout: Layout) -> list[Any]:
        """Values of the columns to be carried; None for what a line that cannot be read has."""
        ...


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Implements Block."""

    format: LineFormat
    lines: Lines
    layout: Layout

    @property
    def offsets(self) -> list[int]:
        """First bytes."""
        return self.lines.offsets

    def part(self, first: int, count: int) -> LineBlock:
        """Some lines."""
        return LineBlock(self.format, self.lines.part(first, count), self.layout)

    def tensors(self, signature: Signature) -> Tensors | None:
        """The fast way."""
        if max(map(len, self.lines.contents)) > RECORD_LIMIT:
            return None
        return self.format.tensors(self.lines.contents, self.layout, signature)

    def rows(self, signature: Signature) -> list[Any]:
        """One by one."""
        return [self._row(line, signature) for line in self.lines.contents]

    def carried(self) -> list[list[Any]]:
        """Column by column."""
        if not self.layout.carry:
            return []
        rows = [self.format.carried(line, self.layout) for line in self.lines.contents]
        return [list(column) for column in zip(*rows, strict=True)]

    def _row(self, line: bytes, signature: Signature) -> Any:
        if len(line) > RECORD_LIMIT:
            return TooLarge(f"the row is longer than {RECORD_LIMIT} bytes")
        try:
            return self.format.row(line, self.layout, signature)
        except RequestError as error:
            return error
