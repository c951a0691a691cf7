"""What a batch job costs on AWS: public list prices of us-east-1, 2026, in US dollars; other regions differ."""

from __future__ import annotations

_GIGABYTE_SECOND = {"x86_64": 16.6667e-6, "arm64": 13.3334e-6}  # Lambda
_INVOCATION = 0.20e-6  # Lambda
_QUEUE_REQUEST = 0.40e-6  # SQS; sent in tens, received, deleted
_PUT, _GET = 5e-6, 0.4e-6  # S3 requests
_WRITE_UNIT = 0.625e-6  # DynamoDB on demand
# A chunk is one invocation, 2.1 queue requests, a part, a manifest, a HEAD, three reads and about 5 write units.
_CHUNK = _INVOCATION + 2.1 * _QUEUE_REQUEST + _PUT + 5 * _GET + 5 * _WRITE_UNIT


def batch_cost(chunks: int, milliseconds: int, memory_mb: int, architecture: str) -> float:
    """About what so many chunks, that took so long together, cost; without storage, transfer and free tiers."""
    gigabyte_seconds = milliseconds / 1000 * memory_mb / 1024
    return chunks * _CHUNK + gigabyte_seconds * _GIGABYTE_SECOND[architecture]
