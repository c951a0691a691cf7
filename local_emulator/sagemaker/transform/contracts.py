"""What a transform job is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.sagemaker.contracts import ContainerSpec


@dataclass(frozen=True, slots=True)
class TransformSpec:
    """A job as it was created. Sizes in MB; None: as the container's /execution-parameters say, else the default."""

    name: str
    container: ContainerSpec
    source: str  # s3://…, a prefix
    target: str  # s3://…
    content_type: str = ""
    accept: str = ""
    split: str = "None"  # or "Line"
    assemble: str = "None"  # or "Line"
    gzipped: bool = False
    strategy: str = ""  # "SingleRecord", "MultiRecord"
    max_payload_mb: int | None = None
    concurrency: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    retries: int = 3
    timeout_s: float = 600.0
    join: bool = False
    input_filter: str = "$"
    output_filter: str = "$"
    problem: str = ""  # why the emulator cannot do it

    @property
    def single(self) -> bool:
        """Whether each request holds one record."""
        return self.strategy == "SingleRecord"


class JobTold(Protocol):
    """Who describes the job: moto's record of it."""

    def status(self, status: str, failure: str = "") -> None:
        """A new status, with the reason when something failed."""
        ...
