"""Parquet results: row, offset, the carried columns, the model's outputs, error; a part is one file."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from onehandler.batch.inputs.parquet import pyarrow
from onehandler.batch.outputs import check_names
from onehandler.batch.results import columns_of, flat, flat_types, result_columns
from onehandler.errors import InvalidInput
from onehandler.results import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onehandler.batch.inputs import Block, Layout
    from onehandler.batch.results import Result
    from onehandler.dtypes import DType
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

_CARRIED = (
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float",
    "double",
    "bool",
)


class Parquet:
    """The format of .parquet."""

    extension = "parquet"
    content_type = "application/vnd.apache.parquet"

    def check(self, signature: Signature, carry: Sequence[str]) -> None:
        """Any model, where pyarrow is."""
        pyarrow()
        check_names(["row", "offset", *result_columns(signature), "error"], carry)

    def writer(self, signature: Signature, layout: Layout) -> ParquetWriter:
        """An open file in memory."""
        return ParquetWriter(signature, layout)

    def failed(self, body: bytes) -> Iterator[tuple[int, int, str]]:
        """Three columns."""
        pa, parquet = pyarrow()
        found = parquet.ParquetFile(pa.BufferReader(body))
        for batch in found.iter_batches(columns=["row", "offset", "error"]):
            columns = (column.to_pylist() for column in batch.columns)
            yield from ((row, offset, error or "") for row, offset, error in zip(*columns, strict=True))

    def head_size(self, beginning: bytes) -> int | None:  # noqa: ARG002
        """Its footer says where everything lies: files cannot be joined by bytes."""
        return None

    def joined_head(self, head: bytes, rows: int) -> bytes:  # noqa: ARG002
        """They have none."""
        raise InvalidInput("Parquet files cannot be joined by bytes")


class ParquetWriter:
    """Implements Writer. A block is a row group."""

    def __init__(self, signature: Signature, layout: Layout) -> None:
        pa, parquet = pyarrow()
        self._pa = pa
        self._signature = signature
        types = layout.types or ["string"] * len(layout.carry)
        carried = [_carried_type(pa, name, told) for name, told in zip(layout.carry, types, strict=True)]
        outputs = [
            (name, _type(pa, dtype) if single else pa.string())
            for name, dtype, single in flat_types(signature)
        ]
        fixed = [("row", pa.int64()), ("offset", pa.int64())]
        self._schema = pa.schema([*fixed, *carried, *outputs, ("error", pa.string())])
        self._outputs = len(outputs)
        self._file = io.BytesIO()
        self._writer = parquet.ParquetWriter(self._file, self._schema)

    def block(self, first: int, block: Block, outputs: Tensors) -> None:
        """Columns as they are."""
        count = len(block.offsets)
        told = [list(range(first, first + count)), list(block.offsets)]
        columns = [*told, *block.carried(), *columns_of(self._signature, outputs), [None] * count]
        self._write(columns)

    def results(self, results: Sequence[Result]) -> None:
        """Nulls where a failed row has no outputs."""
        blank = [None] * self._outputs
        rows = [
            [
                result.row,
                result.offset,
                *result.carried,
                *(blank if result.error else flat(result.prediction, self._signature)),
                str(result.error) if result.error else None,
            ]
            for result in results
        ]
        self._write([list(column) for column in zip(*rows, strict=True)])

    def body(self) -> bytes:
        """Closed with its footer."""
        self._writer.close()
        return self._file.getvalue()

    def _write(self, columns: list[list[Any]]) -> None:
        arrays = [
            self._pa.array(_fitting(self._pa, field.type, column), type=field.type)
            for field, column in zip(self._schema, columns, strict=True)
        ]
        self._writer.write_batch(self._pa.record_batch(arrays, schema=self._schema))


def _fitting(pa: Any, kind: Any, values: list[Any]) -> list[Any]:
    """Text for text columns; arrays and objects as JSON."""
    if kind != pa.string():
        return values
    return [
        value
        if value is None or isinstance(value, str)
        else json.dumps(spelled(value), separators=(",", ":"))
        for value in values
    ]


def _carried_type(pa: Any, name: str, told: str) -> tuple[str, Any]:
    return name, pa.type_for_alias(told) if told in _CARRIED else pa.string()


def _type(pa: Any, dtype: DType) -> Any:
    """Arrow's type of the same name; those it doesn't know are read as float32 by whoever reads them."""
    if dtype.family == "string":
        return pa.string()
    if dtype.family == "bool":
        return pa.bool_()
    if not dtype.native:
        return pa.float32() if dtype.family == "float" else pa.int8()
    return pa.type_for_alias(dtype.name)


OUTPUT = Parquet()
