"""All endpoints and transform jobs of the emulator: what moto's control plane hands on to."""

from __future__ import annotations

import random
import secrets
import threading
import time
from typing import TYPE_CHECKING

from local_emulator.sagemaker.asynchronous import AsyncInvocations, sleep
from local_emulator.sagemaker.endpoint import Endpoint
from local_emulator.sagemaker.fleet import Fleet
from local_emulator.sagemaker.transform.jobs import Transforms

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.sagemaker.contracts import EndpointSpec, Logs, Notices, Objects, Place, VariantSpec
    from local_emulator.sagemaker.endpoint import Told
    from local_emulator.sagemaker.fleet import Launcher

IDLE_S = 300.0  # of a serverless variant; AWS doesn't say how long it waits


class SageMaker:
    """Starts what is created and stops what is deleted. `logs_of`, `notices_of` give those of a place."""

    def __init__(
        self,
        launcher: Launcher,
        objects: Objects,
        logs_of: Callable[[Place], Logs],
        notices: Notices,
        *,
        idle_s: float = IDLE_S,
    ) -> None:
        self.launcher = launcher
        self._logs_of = logs_of
        self._idle_s = idle_s
        self._endpoints: dict[tuple[Place, str], Endpoint] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.asynchronous = AsyncInvocations(objects, notices, time.monotonic, sleep)
        self.transforms = Transforms(launcher, objects, logs_of)

    def find(self, place: Place, name: str) -> Endpoint | None:
        """An endpoint that was created and not deleted, whatever its status."""
        return self._endpoints.get((place, name))

    def create(self, place: Place, name: str, spec: EndpointSpec, told: Told) -> None:
        """Begin to start an endpoint; returns at once."""
        logs = self._logs_of(place)

        def make(variant: VariantSpec) -> Fleet:
            stream = f"{variant.name}/i-{secrets.token_hex(9)[:17]}"
            return Fleet(
                variant,
                self.launcher,
                lambda lines: logs.write(log_group(name), stream, lines),
                clock=time.monotonic,
                idle_s=self._idle_s,
            )

        endpoint = Endpoint(name, make, told, random.random)
        with self._lock:
            self._endpoints[place, name] = endpoint
        self._begin(lambda: endpoint.create(spec))

    def update(self, place: Place, name: str, spec: EndpointSpec) -> None:
        """Begin to change an endpoint over; returns at once."""
        endpoint = self._endpoints[place, name]
        self._begin(lambda: endpoint.update(spec))

    def delete(self, place: Place, name: str) -> None:
        """Begin to stop an endpoint; returns at once. One that isn't there is fine."""
        with self._lock:
            endpoint = self._endpoints.pop((place, name), None)
        if endpoint is not None:
            self._begin(endpoint.delete)

    def close(self) -> None:
        """Stop everything, and wait for it."""
        with self._lock:
            endpoints = list(self._endpoints.values())
            self._endpoints.clear()
        self.transforms.close()
        self.asynchronous.close()
        for endpoint in endpoints:
            self._begin(endpoint.delete)
        for thread in self._threads:
            thread.join()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="sagemaker-change", daemon=True)
        thread.start()
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]


def log_group(name: str) -> str:
    """Where the containers of an endpoint, or of an inference component (component/NAME), log."""
    kind, _, component = name.partition("/")
    return (
        f"/aws/sagemaker/InferenceComponents/{component}" if component else f"/aws/sagemaker/Endpoints/{kind}"
    )
