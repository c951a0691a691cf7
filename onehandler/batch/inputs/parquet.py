"""Parquet, read by row group with pyarrow, of which only this file, its writer and their layer know.

Only the columns that are needed are read. Row groups are what a file can be split at; one that is too large for a
worker's memory is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from onehandler.batch.inputs import Layout
from onehandler.batch.inputs.columns import check_columns, model_columns
from onehandler.batch.inputs.ranged import Ranged
from onehandler.errors import InvalidInput, MalformedBody, UnsupportedType
from onehandler.tensor import Tensor, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from onehandler.batch.inputs import Asked, File
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

GROUP_LIMIT = 256 * 1024 * 1024  # bytes of a row group, uncompressed
_BUFFER = 1024 * 1024  # bytes read at a time, of each column
_NAN = float("nan")
_PLAIN = frozenset({int, float, str, bool, type(None)})
_VIEWS = {"float": "f", "double": "d", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i",
          "uint32": "I", "int64": "q", "uint64": "Q"}  # fmt: skip
# A group that cannot be read gives an error for each row that it claims: a claim must have some bytes behind it.
# A million rows of ten columns that never change take 2 KB.
_ROWS_A_BYTE = 1000
_FEW_ROWS = 1 << 20


class Parquet:
    """The format under ".parquet"."""

    def layout(self, file: File, signature: Signature, asked: Asked) -> Layout:
        """So many whole row groups a chunk. The rows' columns must be among the file's."""
        found, types = _opened(file)
        check_columns(list(types), signature, asked.carry, "the schema", "")
        marks = _marks(found.metadata, asked.chunk_bytes, max(_FEW_ROWS, file.size * _ROWS_A_BYTE))
        wanted = [name for name, _ in model_columns(signature)]
        needed = list(dict.fromkeys([*wanted, *asked.carry]))
        carried = [types[name] for name in asked.carry]
        return Layout(len(marks) - 1, columns=needed, carry=list(asked.carry), types=carried, marks=marks)

    def blocks(
        self,
        file: File,
        layout: Layout,
        chunk: int,
        *,
        inside: bool,  # noqa: ARG002
        most: int,
    ) -> Iterator[TableBlock]:
        """At most `most` rows at a time. Rows of a group that cannot be read are errors, as many as it should have."""
        (first_group, before), (last_group, after) = layout.marks[chunk], layout.marks[chunk + 1]
        pa, _ = pyarrow()
        groups = list(range(first_group, last_group))
        try:
            batches = _opened(file)[0].iter_batches(most, row_groups=groups, columns=layout.columns)
            for batch in batches:
                yield TableBlock(range(before, before + batch.num_rows), partial(_columns, batch), layout)
                before += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            lost = MalformedBody(f"cannot be read from its row group: {_first_line(error)}")
            for first in range(before, after, most):
                yield TableBlock(range(first, min(first + most, after)), partial(_raise, lost), layout)


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Implements Block. `columns(first, count)` gives some rows of each column by name, or raises their error."""

    offsets: range  # rows before each
    columns: Callable[[int, int], dict[str, Any]]
    layout: Layout

    def part(self, first: int, count: int) -> TableBlock:
        """Some rows."""
        offsets = self.offsets[first : first + count]
        return TableBlock(offsets, lambda a, b: self.columns(first + a, b), self.layout)

    def tensors(self, signature: Signature) -> Tensors | None:
        """Numbers of one input with named columns."""
        spec = signature.inputs[0]
        if len(signature.inputs) != 1 or not spec.columns or spec.dtype.family not in ("float", "int"):
            return None
        try:
            columns = self._columns()
        except MalformedBody:
            return None
        count, width = len(self.offsets), len(spec.columns)
        values: list[Any] = [None] * (count * width)
        for index, name in enumerate(spec.columns):
            values[index::width] = _numbers(columns[name], nullable=spec.nullable)
        kinds = set(map(type, values))
        if not kinds <= ({int, float} if spec.dtype.family == "float" else {int}):
            return None
        try:
            return {spec.name: Tensor(spec.dtype, (count, width), stored(spec.dtype, values, kinds, ""))}
        except InvalidInput:
            return None

    def rows(self, signature: Signature) -> list[Any]:
        """Objects by column name."""
        try:
            columns = self._columns()
        except MalformedBody as error:
            return [error] * len(self.offsets)
        names = [name for name, _ in model_columns(signature)]
        taken = [_values(columns[name]) for name in names]
        return [_row(names, values) for values in zip(*taken, strict=True)]

    def carried(self) -> list[list[Any]]:
        """Values as Python has them, where Arrow's type is among those that are carried as they are; else as text."""
        try:
            columns = self._columns()
        except MalformedBody:
            return [[None] * len(self.offsets) for _ in self.layout.carry]
        return [[_plain(value) for value in _values(columns[name])] for name in self.layout.carry]

    def _columns(self) -> dict[str, Any]:
        return self.columns(0, len(self.offsets))


def _columns(batch: Any, first: int, count: int) -> dict[str, Any]:
    part = batch.slice(first, count)
    return dict(zip(part.schema.names, part.columns, strict=True))


def _raise(error: MalformedBody, _first: int, _count: int) -> dict[str, Any]:
    raise error


def _numbers(column: Any, *, nullable: bool) -> Sequence[Any]:
    """A column's values; without nulls from its buffer, at a tenth of the time."""
    code = _VIEWS.get(str(column.type))
    if code and not column.null_count:
        view: Any = memoryview(column.buffers()[1]).cast("B")
        found: list[Any] = view.cast(code)[column.offset : column.offset + len(column)].tolist()
        return found
    found = column.to_pylist()
    return [_NAN if value is None else value for value in found] if nullable else found


def _values(column: Any) -> list[Any]:
    """A column's values; text that is not UTF-8 stays bytes."""
    try:
        found: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        pa, _ = pyarrow()
        return [_decoded(value) for value in column.cast(pa.binary()).to_pylist()]
    return found


def _decoded(value: bytes | None) -> str | bytes | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def _row(names: Sequence[str], values: Sequence[Any]) -> Any:
    """An object by column name, or the error that the row is."""
    if bytes in map(type, values):
        return MalformedBody("holds bytes, or text that is not UTF-8, where the model takes numbers or text")
    return dict(zip(names, map(_plain, values), strict=True))


def _plain(value: Any) -> Any:
    return value if type(value) in _PLAIN else str(value)


def _marks(metadata: Any, chunk_bytes: int, most: int) -> list[list[int]]:
    """(row groups, rows) before each chunk and after the last: groups that follow each other, up to so many bytes."""
    marks, rows, held = [[0, 0]], 0, 0
    for group in range(metadata.num_row_groups):
        described = metadata.row_group(group)
        size = described.total_byte_size
        if size > GROUP_LIMIT:
            raise InvalidInput(
                f"row group {group} has {size:,} bytes, at most {GROUP_LIMIT:,} can be read; "
                "write the file with smaller row groups (row_group_size)"
            )
        if described.num_rows < 0 or rows + described.num_rows > most:
            raise InvalidInput(
                f"the footer claims {described.num_rows:,} rows in row group {group}; "
                f"{most:,} in all are believed of a file of this size"
            )
        if held and held + size > chunk_bytes:
            marks.append([group, rows])
            held = 0
        held += size
        rows += described.num_rows
    return [*marks, [metadata.num_row_groups, rows]] if rows else marks[:1]


def _opened(file: File) -> tuple[Any, dict[str, str]]:
    """The file, and its columns' types by name."""
    pa, parquet = pyarrow()
    try:
        opened = parquet.ParquetFile(pa.PythonFile(Ranged(file), mode="r"), buffer_size=_BUFFER)
        return opened, {each.name: str(each.type) for each in opened.schema_arrow}
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise MalformedBody(f"is not a Parquet file that can be read: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return next(chain(str(error).splitlines(), [""]))[:200]


def pyarrow() -> tuple[Any, Any]:
    """`pyarrow` and `pyarrow.parquet`; UnsupportedType says how to have them."""
    try:
        import pyarrow as pa  # 90 MB, in a layer of its own
        from pyarrow import parquet
    except ImportError:
        raise UnsupportedType(
            'Parquet takes pyarrow: deploy with --param="parquet=true", or pip install pyarrow'
        ) from None
    return pa, parquet


INPUT = Parquet()
