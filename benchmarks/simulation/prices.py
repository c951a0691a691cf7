"""What a job costs by AWS's public price lists, without free tiers and discounts, storage and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.simulation.tally import Tally

LISTED = "us-east-1, 2025"  # aws.amazon.com/{lambda,sqs,dynamodb,s3}/pricing; DynamoDB's since November 2024

GB_SECOND = 0.0000133334  # Lambda, arm64, the first tier
INVOCATION = 0.20 / 1e6
SQS_REQUEST = (
    0.40 / 1e6
)  # standard queue; up to 64 KB are one request, which ten of our messages are far below
WRITE_UNIT = 0.625 / 1e6  # DynamoDB on demand
READ_UNIT = 0.125 / 1e6
S3_WRITE = 0.005 / 1e3  # PUT
S3_READ = 0.0004 / 1e3  # GET, HEAD


def dollars(used: Tally, plan_memory: int, score_memory: int) -> dict[str, float]:
    """By service."""
    gigabyte_seconds = (used.plan_seconds * plan_memory + used.score_seconds * score_memory) / 1024
    return {
        "Lambda": gigabyte_seconds * GB_SECOND + (used.plans + used.sweeps + used.attempts) * INVOCATION,
        "SQS": (used.sends + used.receives + used.deletes) * SQS_REQUEST,
        "DynamoDB": used.write_units * WRITE_UNIT + used.read_units * READ_UNIT,
        "S3": used.s3_writes * S3_WRITE + used.s3_reads * S3_READ,
    }
