"""Reads every result of a job and every write that went through, and compares with what must be there."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.faulting.oracle import Verdict, cells_of, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import ContainerClient

    from benchmarks.faulting.drops import Expected


def judge(results: ContainerClient, prefix: str, expected: Expected, writes: Counter[str]) -> Verdict:
    """Judge the job whose results are below a prefix; `writes` says how often each blob was written."""
    places = {offset: index for index, offset in enumerate(expected.offsets)}
    seen: Counter[int] = Counter()
    wrong = disordered = last = 0
    for offset, cells in _rows(results, prefix):
        index = places.get(offset, -1)
        seen[index] += 1
        wrong += index < 0 or not same(cells, expected.cells[index])
        disordered += index < last
        last = max(last, index)
    markers = sum(1 for _ in results.list_blobs(prefix + "_SUCCESS"))
    told = json.loads(results.download_blob(prefix + "_SUCCESS").readall())["rows"] if markers else 0
    again = sum(count - 1 for name, count in writes.items() if prefix in name)
    return Verdict(
        lost=sum(1 for index in range(len(expected.offsets)) if not seen[index]),
        doubled=sum(count - 1 for count in seen.values()) + again,
        wrong=wrong,
        disordered=disordered,
        markers=markers,
        miscounted=abs(told - len(expected.offsets)) if markers else 0,
    )


def one_file(results: ContainerClient, prefix: str, expected: Expected) -> int:
    """How many lines of the one file of all results are not what they should be."""
    found = list(_lines(results, prefix + "results.csv"))
    wanted = list(zip(expected.offsets, expected.cells, strict=True))
    pairs = zip(found, wanted, strict=False)
    different = sum(here != there or not same(cells, told) for (here, cells), (there, told) in pairs)
    return abs(len(found) - len(wanted)) + different


def _rows(results: ContainerClient, prefix: str) -> Iterator[tuple[int, str]]:
    for name in sorted(blob.name for blob in results.list_blobs(prefix + "part-")):
        yield from _lines(results, name)


def _lines(results: ContainerClient, name: str) -> Iterator[tuple[int, str]]:
    body: Any = results.download_blob(name).readall()
    rows = csv.reader(io.StringIO(body.decode(), newline=""))
    next(rows)
    yield from ((int(row[1]), cells_of(row)) for row in rows)
