"""File formats, one file each, by extension or media type.

Adding one is a file here with `FORMAT`, a line in `FORMATS` and a parameter in tests/onehandler/batch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.errors import UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onehandler.batch.results import Result
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

FORMATS = {
    "csv": "onehandler.batch.formats.csv",
    "jsonl": "onehandler.batch.formats.json_lines",
}
EXTENSIONS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
MEDIA_TYPES = {"text/csv": "csv", "application/jsonl": "jsonl", "application/x-ndjson": "jsonl"}


class Format(Protocol):
    """How one kind of file says rows, and how results are written for whoever dropped it."""

    @property
    def extension(self) -> str:
        """Extension of the result files, without a dot."""
        ...

    @property
    def content_type(self) -> str:
        """Media type of the result files."""
        ...

    def header(self, first_line: bytes, signature: Signature) -> list[str]:
        """Column names of the file's first line, or [] when it has no header line.

        Raises InvalidInput when a column that the model needs isn't there.
        """
        ...

    def tensors(self, lines: Sequence[bytes], columns: list[str], signature: Signature) -> Tensors | None:
        """Many records at once, the fast way; None when they are not all as plain as that takes.

        What it gives is what `row` would give one by one: whatever could differ is None.
        """
        ...

    def row(self, record: bytes, columns: list[str], signature: Signature) -> dict[str, Any] | list[Any]:
        """One record as a row that `onehandler.rows` takes. Raises MalformedBody or InvalidInput."""
        ...

    def head(self, signature: Signature) -> bytes:
        """What stands before the first result of a part."""
        ...

    def write(self, results: Iterable[Result], signature: Signature) -> bytes:
        """Results in order."""
        ...

    def write_block(
        self, first: int, offsets: Sequence[int], outputs: Tensors, signature: Signature
    ) -> bytes:
        """The same of many rows, all with predictions, numbered from `first`: the same bytes, sooner."""
        ...


def name_for_key(key: str) -> str:
    """The format of a dropped file by its key's extension; UnsupportedType lists those there are."""
    for extension, name in EXTENSIONS.items():
        if key.lower().endswith(extension):
            return name
    hint = "; decompress it first" if key.lower().endswith((".gz", ".zst", ".zip", ".bz2")) else ""
    raise UnsupportedType(f"only files ending in {', '.join(EXTENSIONS)} can be scored{hint}")


def name_for_type(media_type: str) -> str:
    """The format of a media type; UnsupportedType lists those there are."""
    found = MEDIA_TYPES.get(media_type.partition(";")[0].strip().lower())
    if found is None:
        raise UnsupportedType(f"rows come as {', '.join(MEDIA_TYPES)}")
    return found


def format_named(name: str) -> Format:
    """The format under one of the names in FORMATS."""
    found: Format = import_module(FORMATS[name]).FORMAT
    return found
