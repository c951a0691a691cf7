"""The demo's batch step: drop a file in S3, wait for the marker, show the results."""

from __future__ import annotations

import csv
import json
import random
import sys
from typing import TYPE_CHECKING, Any

import boto3

from examples.demo.deployment import environment
from examples.demo.steps import StepFailed, run, say, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


def write_drop(rows: Path, drop: Path) -> int:
    """Write all rows with their columns shuffled and two broken rows among them; give the number of rows."""
    with rows.open(newline="") as file:
        header, *body = list(csv.reader(file))
    order = list(range(len(header)))
    random.Random(7).shuffle(order)  # noqa: S311
    broken_cell, too_short = list(body[10]), body[20][:3]
    broken_cell[order[0]] = "not measured"
    lines = [[header[i] for i in order], *([row[i] for i in order] for row in body)]
    lines.insert(100, [broken_cell[i] for i in order])
    lines.insert(300, too_short)
    with drop.open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    return len(lines) - 1


def score(drop: Path, drops: str, results: str, endpoint: str, rows: int) -> None:
    """Upload, watch the job, print its objects, some rows, the error rows and the summary."""
    s3 = boto3.client("s3", endpoint_url=endpoint)
    say(f"boto3: s3.upload_file({str(drop)!r}, {drops!r}, {drop.name!r})")
    s3.upload_file(str(drop), drops, drop.name)
    wait_until(lambda: _object(s3, results, drop.name, "manifest.json") is not None, "the job's manifest", 60)
    job = json.loads(_body(s3, results, str(_object(s3, results, drop.name, "manifest.json"))))["job"]
    watch = [sys.executable, "-m", "onehandler.cli.main", "batch", "status", job, "--watch"]
    run(watch, environment(endpoint))
    wait_until(lambda: _object(s3, results, drop.name, "_SUCCESS") is not None, "the job's _SUCCESS", 60)
    objects = _objects(s3, results, drop.name)
    for found in objects:
        say(f"s3://{results}/{found['Key']}  {found['Size']:,} bytes")
    parts = [found["Key"] for found in objects if "/part-" in found["Key"]]
    lines = [row for key in parts for row in _csv(s3, results, key)]
    show(lines)
    say(
        "summary: "
        + json.dumps(json.loads(_body(s3, results, str(_object(s3, results, drop.name, "_SUCCESS")))))
    )
    if len(lines) != rows:
        raise StepFailed(f"{len(lines)} results for {rows} rows")


def show(lines: list[dict[str, str]]) -> None:
    """Some rows, and all that have an error."""
    say(f"{len(lines)} results in input order; the first three, then the rows with errors:")
    for line in lines[:3]:
        say("  " + ", ".join(f"{name}={value}" for name, value in line.items() if value))
    for line in lines:
        if line["error"]:
            say(f"  row={line['row']}, offset={line['offset']}, error={line['error']}")


def _objects(s3: S3Client, bucket: str, prefix: str) -> list[Any]:
    return list(s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []))


def _object(s3: S3Client, bucket: str, prefix: str, name: str) -> str | None:
    keys = [found["Key"] for found in _objects(s3, bucket, prefix)]
    refused = [key for key in keys if key.endswith("/_REFUSED")]
    if refused:
        raise StepFailed(_body(s3, bucket, refused[0]))
    return next((key for key in keys if key.endswith(f"/{name}")), None)


def _body(s3: S3Client, bucket: str, key: str) -> str:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def _csv(s3: S3Client, bucket: str, key: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_body(s3, bucket, key).splitlines()))
