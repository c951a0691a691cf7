"""What AWS and the deployment allow, by the numbers that AWS documents."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one deployment. Rates are a second's, durations seconds."""

    # SQS event source mapping of the score function ("Configuring scaling behavior for SQS event source mappings")
    first_invokes: int = 5
    ramp: float = 300 / 60  # 60 / 60 before November 2023
    maximum_concurrency: int = 50  # serverless.yml: scoreConcurrency
    account_concurrency: int = 1000  # less what other functions of the account are using
    # Queues (iac/aws/batch.yml; "Amazon SQS message quotas")
    in_flight: int = 120_000
    receives: int = 5
    visibility: float = 1800
    plan_visibility: float = 360
    # Functions (serverless.yml, onehandler/batch/sweep.py)
    plan_timeout: float = 60
    plan_memory: int = 512  # MB; the sweep's, too
    score_memory: int = 1769  # MB
    sweep_every: float = 300
    sweep_timeout: float = 240
    stalled: float = 3600
    resends: int = 3
    # One partition of DynamoDB: all items of a job, until it is split for heat, which takes minutes
    ledger_writes: float = 1000  # write units
    ledger_reads: float = 3000  # read units
    chunks_an_item: int = 1000  # adapters/dynamodb.py
    # One prefix of S3, until it is split for heat, which takes half an hour
    s3_reads: float = 5500
    s3_writes: float = 3500


UNLIMITED = Limits(
    first_invokes=10**9,
    maximum_concurrency=10**9,
    account_concurrency=10**9,
    in_flight=10**9,
    plan_timeout=inf,
    ledger_writes=inf,
    ledger_reads=inf,
    s3_reads=inf,
    s3_writes=inf,
)


class RateLimit:
    """So many units a second, and no more than a second's saved up (AWS promises none of what it may let through)."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = rate
        self._at = 0.0

    def take(self, now: float, units: float) -> bool:
        """Take units unless there are too few."""
        if self._rate == inf:
            return True
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if units > self._left:
            return False
        self._left -= units
        return True
