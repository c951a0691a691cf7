"""One file of all results: parts joined where they lie, without their heads but for one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from onehandler.batch.outputs import output_named
from onehandler.batch.ports import Location, Piece
from onehandler.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from onehandler.batch.job import Manifest
    from onehandler.batch.ports import ObjectStore

MOST_PARTS = 9_999  # S3 joins 10,000 pieces, and the head is one
_BEGINNING = 64 * 1024  # bytes; a part's head is among them
_TOGETHER = 16  # parts asked at once


def joined_key(manifest: Manifest) -> str:
    """Where the one file lies."""
    return f"{manifest.prefix}results.{output_named(manifest.output).extension}"


def join(store: ObjectStore, bucket: str, manifest: Manifest, rows: int) -> Location:
    """Make the one file, of so many rows, of parts that are all there; give its place. May run any number of times.

    InvalidInput for a format whose files cannot be joined, Unavailable when a part is missing.
    """
    output = output_named(manifest.output)
    where = Location(bucket, joined_key(manifest))
    if output.head_size(b"") is None or manifest.chunks > MOST_PARTS:
        raise InvalidInput(f"{manifest.output} results of {manifest.chunks:,} parts cannot be joined")
    if store.size(where) is not None:
        return where
    parts = [
        Location(bucket, manifest.part_name(chunk, output.extension)) for chunk in range(manifest.chunks)
    ]
    with ThreadPoolExecutor(_TOGETHER) as pool:
        sizes = list(pool.map(store.size, parts))
    missing = [part.key for part, size in zip(parts, sizes, strict=True) if size is None]
    if missing:
        raise Unavailable(f"{len(missing)} of {len(parts)} parts are not there yet", where=missing[0])
    head = store.read(parts[0], 0, _BEGINNING) if parts else b""
    length = output.head_size(head) or 0
    first = output.joined_head(head[:length], rows)
    pieces = [Piece(part, length, size or 0) for part, size in zip(parts, sizes, strict=True)]
    store.join(where, first, [piece for piece in pieces if piece.start < piece.end], output.content_type)
    return where
