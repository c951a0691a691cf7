"""What an executor allows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Lambda's quotas where AWS has one, and what one machine can bear where it has none. Seconds and bytes.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """

    instances: int = 8  # of one function version at once, here; more invocations than that wait their turn
    idle_s: float = 600.0  # an instance that nobody needed for so long ends
    init_s: float = 10.0
    snap_start_init_s: float = 130.0  # or the function's timeout, where that is longer
    restore_s: float = 10.0  # SnapStart: from the snapshot to the end of the last hook
    response: int = 6_291_556
    log: int = 64 * 1024 * 1024  # of one invocation; AWS keeps more, one machine's memory may not
    unzipped: int = 262_144_000  # code and layers together
    memory_poll_s: float = 0.05
    # How long a warm instance may take to ask for its next invocation before it is replaced. It asks at once,
    # unless the function's own background threads keep it from it.
    readiness_s: float = 5.0
    housekeeping_s: float = 5.0
