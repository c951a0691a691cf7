"""Batch scoring from the drop to the marker, in the emulator, with one and with more instances at once.

    python -m benchmarks.batch_end_to_end [--rows 1000000] [--json]

The repository's own deployment; S3, SQS and DynamoDB are the emulator's and take of the same cores. AWS places as many
instances as the event source mapping lets it; here reserved concurrency says how many.
"""

from __future__ import annotations

import os
import time
from itertools import product
from pathlib import Path

import boto3
import click

from adapters.aws_jobs import Drops, Stack
from adapters.dynamodb import DynamoLedger
from benchmarks.batch import rows_file
from benchmarks.demo_model import BUNDLE, ensure_bundle
from benchmarks.emulated import emulator
from benchmarks.report import Report
from examples.demo import deployment
from onehandler.batch.options import Options
from onehandler.batch.ports import Status

LOG = Path("build/bench/batch/emulator.log")
_FUNCTION = "onehandler-dev-batchScore"
_LOOK_S = 0.05


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the file.")
@click.option("--rounds", default=2, show_default=True, help="Files scored with each number of instances.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(rows: int, rounds: int, as_json: bool, save: bool) -> None:
    """Measure and print."""
    ensure_bundle()
    file = rows_file(rows)
    cores = os.cpu_count() or 1
    best: dict[int, float] = {}
    with emulator(LOG) as endpoint:
        deployment.deploy(endpoint, BUNDLE)
        stack = Stack.found("onehandler-dev")
        for number, instances in product(range(rounds), dict.fromkeys((1, cores))):
            boto3.client("lambda").put_function_concurrency(
                FunctionName=_FUNCTION, ReservedConcurrentExecutions=instances
            )
            seconds = _scored(stack, file, f"{number}-{instances}.csv", rows)
            best[instances] = min(seconds, best.get(instances, seconds))
    file.unlink()
    table = [
        {"instances": str(instances), "rows": f"{rows:,}", "seconds": seconds, "rows/s": rows / seconds}
        for instances, seconds in best.items()
    ]
    ratios = {
        "more_over_one": best[1] / best[cores],
        "instances": cores,
        "rows_per_second": rows / best[cores],
    }
    Report(
        "Batch scoring, end to end in the emulator", table, ratios, ("boto3", "moto", "awslambdaric")
    ).tell("batch_end_to_end", as_json=as_json, save=save)


def _scored(stack: Stack, file: Path, key: str, rows: int) -> float:
    """Seconds from the upload's end to the job's."""
    drops, ledger = Drops(stack), DynamoLedger.connect(stack.ledger)
    with file.open("rb") as content:
        drop = drops.upload(content, key, Options(), lambda _: None)
    began = time.perf_counter()
    while (manifest := drops.planned(drop)) is None:
        time.sleep(_LOOK_S)
    while ledger.status(manifest["job"]) is not Status.DONE:
        time.sleep(_LOOK_S)
    seconds = time.perf_counter() - began
    found = ledger.progress(manifest["job"]).rows
    if found != rows:
        raise RuntimeError(f"{found} results for {rows} rows")
    return seconds


if __name__ == "__main__":
    main()
