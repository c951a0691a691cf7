"""Reads every version of every result of a job, and compares with what must be there."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from benchmarks.faulting.drops import Expected

_SUMMED = 1e-6  # as float32 has it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a job's results: all 0, and one marker, where nothing is."""

    lost: int = 0  # rows without a result
    doubled: int = 0  # results of a row beyond the first, and versions of an object beyond the first
    wrong: int = 0  # results that are not what the model says
    disordered: int = 0  # rows that come after one that is further on
    markers: int = 0
    miscounted: int = 0  # by how many rows the marker is off

    @property
    def clean(self) -> bool:
        """Whether the job is as it should be."""
        return self == Verdict(markers=1)


def judge(bucket: str, prefix: str, expected: Expected) -> Verdict:
    """Judge the job whose results are below a prefix; the bucket must keep versions."""
    versions = _versions(bucket, prefix)
    places = {offset: index for index, offset in enumerate(expected.offsets)}
    seen: Counter[int] = Counter()
    wrong = disordered = last = 0
    for offset, cells in _results(bucket, prefix, versions):
        index = places.get(offset, -1)
        seen[index] += 1
        wrong += index < 0 or not same(cells, expected.cells[index])
        disordered += index < last
        last = max(last, index)
    markers = versions[prefix + "_SUCCESS"]
    return Verdict(
        lost=sum(1 for index in range(len(expected.offsets)) if not seen[index]),
        doubled=sum(count - 1 for count in seen.values()) + sum(count - 1 for count in versions.values()),
        wrong=wrong,
        disordered=disordered,
        markers=markers,
        miscounted=abs(_told(bucket, prefix) - len(expected.offsets)) if markers else 0,
    )


def one_file(bucket: str, prefix: str, expected: Expected) -> int:
    """How many lines of the one file of all results are not what they should be."""
    body = boto3.client("s3").get_object(Bucket=bucket, Key=prefix + "results.csv")["Body"].read().decode()
    rows = list(csv.reader(io.StringIO(body, newline="")))[1:]
    found = [(int(row[1]), cells_of(row)) for row in rows]
    wanted = list(zip(expected.offsets, expected.cells, strict=True))
    pairs = zip(found, wanted, strict=False)
    different = sum(here != there or not same(cells, told) for (here, cells), (there, told) in pairs)
    return abs(len(found) - len(wanted)) + different


def same(cells: str, expected: str) -> bool:
    """The same label, and probabilities that differ by no more than the order in which trees are summed up."""
    if cells == expected:
        return True
    (label, *found), (wanted, *told) = cells.split(","), expected.split(",")
    if label != wanted or len(found) != len(told):
        return False
    return all(abs(float(one) - float(other)) < _SUMMED for one, other in zip(found, told, strict=True))


def _versions(bucket: str, prefix: str) -> Counter[str]:
    pages = boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    found: Counter[str] = Counter()
    for page in pages:
        found.update(version["Key"] for version in page.get("Versions", []))
        if page.get("DeleteMarkers"):
            raise RuntimeError(f"results were deleted below {prefix}")
    return found


def _results(bucket: str, prefix: str, versions: Counter[str]) -> Any:
    client = boto3.client("s3")
    for key in sorted(key for key in versions if key.startswith(prefix + "part-")):
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        rows = csv.reader(io.StringIO(body, newline=""))
        next(rows)
        yield from ((int(row[1]), cells_of(row)) for row in rows)


def cells_of(row: list[str]) -> str:
    """A prediction's cells, or "" for a row with an error that says why."""
    return "" if row[-1] and not any(row[2:-1]) else ",".join(row[2:-1])


def _told(bucket: str, prefix: str) -> int:
    body = boto3.client("s3").get_object(Bucket=bucket, Key=prefix + "_SUCCESS")["Body"].read()
    rows: int = json.loads(body)["rows"]
    return rows
