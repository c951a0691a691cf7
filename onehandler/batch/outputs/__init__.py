"""Result files, one format a file here: how parts are written, read again and joined.

Adding one is a file here with `OUTPUT`, a line in `OUTPUTS` and a parameter in tests/onehandler/batch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from onehandler.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onehandler.batch.inputs import Block, Layout
    from onehandler.batch.results import Result
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

OUTPUTS = {
    "csv": "onehandler.batch.outputs.csv",
    "jsonl": "onehandler.batch.outputs.json_lines",
    "npy": "onehandler.batch.outputs.npy",
    "parquet": "onehandler.batch.outputs.parquet",
}


class Writer(Protocol):
    """Writes one part. Rows come in order."""

    def block(self, first: int, block: Block, outputs: Tensors) -> None:
        """Rows that all have predictions, numbered from `first`; the same bytes as `results` writes, sooner."""
        ...

    def results(self, results: Sequence[Result]) -> None:
        """Rows that may have errors."""
        ...

    def body(self) -> bytes:
        """The whole part."""
        ...


class Output(Protocol):
    """One kind of result file."""

    @property
    def extension(self) -> str:
        """Of its files, without a dot."""
        ...

    @property
    def content_type(self) -> str:
        """Media type of its files."""
        ...

    def check(self, signature: Signature, carry: Sequence[str]) -> None:
        """Refuse a model whose results cannot be written so, or columns that cannot be carried: InvalidInput."""
        ...

    def writer(self, signature: Signature, layout: Layout) -> Writer:
        """A new part."""
        ...

    def failed(self, body: bytes) -> Iterator[tuple[int, int, str]]:
        """Row, offset and error of every row of a part; the error is "" where there is a prediction."""
        ...

    def head_size(self, beginning: bytes) -> int | None:
        """Bytes of a part that stand before its rows, from its first 64 KiB. None: parts cannot be joined by bytes."""
        ...

    def joined_head(self, head: bytes, rows: int) -> bytes:
        """What stands before all rows when parts are joined, from what stands in one of them."""
        ...


def output_named(name: str) -> Output:
    """The format under one of the names in OUTPUTS; InvalidInput lists those there are."""
    if name not in OUTPUTS:
        raise InvalidInput(f"must be one of {', '.join(OUTPUTS)}", where="output")
    found: Output = import_module(OUTPUTS[name]).OUTPUT
    return found


def check_names(columns: Sequence[str], carry: Sequence[str]) -> None:
    """Refuse carried columns that results have a column of the same name for."""
    taken = [name for name in carry if name in columns]
    if taken:
        raise InvalidInput(f"results have a column '{taken[0]}' of their own", where="carry")
