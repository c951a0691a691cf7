"""Rows in .npy files that are read by range."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from onehandler.batch.inputs import Asked, File, input_named
from onehandler.batch.rows import score_block
from tests.fuzz.targets.npy_codec import seeds as npy_seeds
from tests.fuzz.world import handler, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "npy"
_CHUNK = 64  # bytes: small files shall have several
_CHUNKS, _BLOCKS = 50, 1000  # looked at


def score(data: bytes, name: str) -> None:
    """Read it as a batch job does, chunk by chunk."""
    served, form = handler("regression"), input_named(name)
    file = File(lambda start, end: data[start:end], len(data))
    layout = form.layout(file, served.signature, Asked(_CHUNK))
    for chunk in range(min(layout.chunks, _CHUNKS)):
        for block in islice(form.blocks(file, layout, chunk, inside=False, most=16), _BLOCKS):
            list(score_block(served, block, 1))


def fuzz(data: bytes) -> None:
    refused(lambda: score(data, FORMAT))


def seeds() -> Iterator[bytes]:
    for dtype in ("f8", "f4", "i8"):
        content = BytesIO()
        np.save(content, np.arange(30).reshape(10, 3).astype(dtype))
        yield content.getvalue()
    yield from npy_seeds()
