"""Files of rows, one format a file here, by extension or media type: how each is split, and read.

Adding one is a file here with `INPUT`, a line in `INPUTS` and `EXTENSIONS`, and a parameter in tests/onehandler/batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.errors import UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

INPUTS = {
    "csv": "onehandler.batch.inputs.csv",
    "jsonl": "onehandler.batch.inputs.json_lines",
    "npy": "onehandler.batch.inputs.npy",
    "parquet": "onehandler.batch.inputs.parquet",
}
EXTENSIONS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".npy": "npy", ".parquet": "parquet"}
MEDIA_TYPES = {"text/csv": "csv", "application/jsonl": "jsonl", "application/x-ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class File:
    """A file that is read by range: `read(start, end)` gives fewer bytes at its end, none past it."""

    read: Callable[[int, int], bytes]
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever dropped a file wants of its reading. `quoted` None: find out."""

    chunk_bytes: int
    carry: tuple[str, ...] = ()
    quoted: bool | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is split into chunks. A format leaves what it doesn't need as it is here."""

    chunks: int
    start: int = 0  # first byte of the rows
    step: int = 0  # bytes a chunk
    columns: list[str] = field(default_factory=list)  # as the file names them
    carry: list[str] = field(default_factory=list)  # columns to be carried into the results
    types: list[str] = field(default_factory=list)  # of these, where the file says so
    quoted: bool = False  # a line break may stand within quotes
    marks: list[list[int]] = field(
        default_factory=list
    )  # before chunk i, and after the last: row groups, rows

    def range_of(self, chunk: int, size: int) -> tuple[int, int]:
        """The byte range [start, end) whose rows a chunk owns, in a file of so many bytes."""
        start = self.start + chunk * self.step
        return start, min(start + self.step, size)


class Block(Protocol):
    """Rows that follow each other."""

    @property
    def offsets(self) -> Sequence[int]:
        """Where each row is in its file: its first byte; in Parquet the rows before it."""
        ...

    def part(self, first: int, count: int) -> Block:
        """Some of them."""
        ...

    def tensors(self, signature: Signature) -> Tensors | None:
        """All at once, the fast way; None when they are not all as plain as that takes.

        What it gives is what `rows` would give one by one: whatever could differ is None.
        """
        ...

    def rows(self, signature: Signature) -> list[Any]:
        """Each as a row that `onehandler.rows` takes, or as the OnehandlerError that it is."""
        ...

    def carried(self) -> list[list[Any]]:
        """The columns to be carried, each with a value a row; None where a row has none."""
        ...


class Input(Protocol):
    """How one kind of file says rows."""

    def layout(self, file: File, signature: Signature, asked: Asked) -> Layout:
        """Split a file without reading it through. InvalidInput when this model cannot score it."""
        ...

    def blocks(self, file: File, layout: Layout, chunk: int, *, inside: bool, most: int) -> Iterator[Block]:
        """The rows of a chunk in order; nothing else than rows that begin in it. Blocks of Parquet have at most `most`.

        `inside` says that the chunk's first byte stands within quotes, where the layout has those.
        """
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


def input_named(name: str) -> Input:
    """The format under one of the names in INPUTS."""
    found: Input = import_module(INPUTS[name]).INPUT
    return found
