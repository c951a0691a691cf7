"""Route throttling: a token bucket for each route of a stage."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.front.ports import StageDefinition, Throttle


@dataclass(slots=True)
class _Bucket:
    throttle: Throttle
    tokens: float
    filled_at: float


class Throttles:
    """Every bucket there is, by API, stage and route. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def admit(self, api_id: str, stage: StageDefinition, route_key: str) -> bool:
        """Take a token; False when there is none. A stage without throttling admits everything."""
        throttle = dict(stage.route_throttles).get(route_key, stage.throttle)
        if throttle is None:
            return True
        with self._lock:
            return self._take((api_id, stage.name, route_key), throttle)

    def _take(self, key: tuple[str, str, str], throttle: Throttle) -> bool:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None or bucket.throttle != throttle:
            bucket = self._buckets[key] = _Bucket(throttle, throttle.burst, now)
        bucket.tokens = min(throttle.burst, bucket.tokens + (now - bucket.filled_at) * throttle.rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
