"""What measuring asks of a deployed function, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from onehandler.bench.breakdown import Trace


@dataclass(frozen=True, slots=True)
class Call:
    """One answered invocation."""

    wall_ms: float  # asked until answered, by the caller's clock; a cold one includes the spawn
    duration_ms: float  # what Lambda bills of it beside the init phase
    peak_mb: int  # resident memory of the instance, at most, up to now


class Deployment(Protocol):
    """A function that is deployed and can be started afresh. Every call raises OnehandlerError when it fails."""

    def cold(self) -> Call:
        """Invoke on a new instance."""
        ...

    def warm(self) -> Call:
        """Invoke on the instance of the last `cold`."""
        ...

    def traced(self) -> Trace:
        """Invoke on a new instance that notes when what happens."""
        ...
