"""Rows in Parquet files, whose footer pyarrow reads for us."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.targets.batch_npy import score
from tests.fuzz.world import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "parquet"


def fuzz(data: bytes) -> None:
    refused(lambda: score(data, FORMAT))


def seeds() -> Iterator[bytes]:
    table = pa.table({"a": [1.0, None, 3.0], "b": [1, 2, 3], "c": [0.5, 0.25, float("nan")]})
    for options in ({}, {"compression": "none"}, {"row_group_size": 1}, {"use_dictionary": False}):
        content = BytesIO()
        pq.write_table(table, content, **options)
        yield content.getvalue()
    yield b"PAR1\0\0\0\0PAR1"
