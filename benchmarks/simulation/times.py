"""How long things take: measured here where it is our code, assumed where it is AWS's network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_WHOLE_VCPU = 1769  # MB at which Lambda gives one
_READ_BYTES = 4 * 1024 * 1024  # at a time (onehandler/batch/inputs/lines.py)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds, unless said otherwise. Both functions' memory says how much of a core they have."""

    # Measured on one core of the machine that benchmarks ran on.
    rows_per_second: float  # benchmarks/results/batch.json: reads, predicts, writes
    client_call: float = (
        0.0013  # processor time of one boto3 call: SendMessageBatch of ten, a server in one process
    )
    init: float = 0.32  # boto3, its three clients, Powertools (0.27), the model and our own code (0.05)
    # Assumed: nobody measured them for us.
    placement: float = 0.25  # a new instance, before its init phase; not billed
    s3_call: float = 0.04  # to the first byte, within the region
    s3_bytes: float = 75e6  # bytes a second: what one instance gets
    dynamodb_call: float = 0.008
    sqs_call: float = 0.010
    notified: float = 1.0  # object created to the plan function invoked
    spread: float = 0.1  # standard deviation of the logarithm of a chunk's time
    row_bytes: int = 200
    result_bytes: int = 100  # a row

    def send(self, memory: int) -> float:
        """Ten messages sent by a function with so much memory."""
        return self.sqs_call + self.client_call * self._slower(memory)

    def start(self, memory: int) -> float:
        """The init phase, at most ten seconds long; Lambda gives it a whole core at least half as fast."""
        return self.init * min(2.0, self._slower(memory))

    def look(self) -> float:
        """Manifest and part in S3 and the job's status, one after the other."""
        return 2 * self.s3_call + self.dynamodb_call + 3 * self.client_call

    def score(self, rows: float) -> float:
        """Read a chunk range by range and score it."""
        return (
            self.reads(rows) * (self.s3_call + self.client_call)
            + rows * self.row_bytes / self.s3_bytes
            + rows / self.rows_per_second
        )

    def reads(self, rows: float) -> int:
        """Ranges that a chunk is read in, with the one that its last line ends in."""
        return -(-int(rows * self.row_bytes) // _READ_BYTES) + 1

    def write(self, rows: float) -> float:
        """Write the part."""
        return self.s3_call + self.client_call + rows * self.result_bytes / self.s3_bytes

    def enter(self) -> float:
        """One update of the ledger."""
        return self.dynamodb_call + self.client_call

    def chunk(self, rows: float) -> float:
        """One chunk on an instance that is warm, nothing standing in its way."""
        return self.look() + self.score(rows) + self.write(rows) + self.enter()

    def _slower(self, memory: int) -> float:
        return max(1.0, _WHOLE_VCPU / memory)


def calibrated(batch: Mapping[str, Any]) -> Times:
    """From a result of benchmarks.batch: ours, with its largest file."""
    rows: Sequence[Mapping[str, Any]] = [row for row in batch["rows"] if row["way"] == "ours"]
    return Times(rows_per_second=rows[-1]["rows/s"])
