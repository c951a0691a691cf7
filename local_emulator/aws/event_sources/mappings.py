"""All mappings of the emulator, and the threads that work for them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from local_emulator.aws.event_sources.errors import MappingNotFound
from local_emulator.aws.event_sources.runtime import MappingRuntime

if TYPE_CHECKING:
    from local_emulator.aws.event_sources.mapping import MappingSettings
    from local_emulator.aws.event_sources.ports import Ports


class EventSourceMappings:
    """Polls for every mapping that was put, until it is removed or `close` is called."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lock = Lock()
        self._running: dict[str, MappingRuntime] = {}
        self._leaving: list[MappingRuntime] = []

    def put(self, settings: MappingSettings) -> None:
        """Start to work for a mapping, or change what is set on it."""
        with self._lock:
            runtime = self._running.get(settings.uuid)
            if runtime is None:
                runtime = self._running[settings.uuid] = MappingRuntime(settings, self._ports)
                runtime.start()
                return
        runtime.apply(settings)

    def remove(self, uuid: str) -> None:
        """Receive no more for a mapping. A batch that a function works on is finished."""
        with self._lock:
            runtime = self._running.pop(uuid, None)
            if runtime is None:
                raise MappingNotFound(f"event source mapping {uuid} is not at work")
            self._leaving.append(runtime)
        runtime.stop()

    def last_result(self, uuid: str) -> str:
        """Give Lambda's LastProcessingResult of a mapping."""
        with self._lock:
            runtime = self._running.get(uuid)
        return "No records processed" if runtime is None else runtime.last_result

    def stop(self) -> None:
        """Receive no more for any mapping, and wait for nobody."""
        with self._lock:
            stopped = list(self._running.values())
            self._leaving += stopped
            self._running.clear()
        for runtime in stopped:
            runtime.stop()

    def close(self) -> None:
        """Stop, then wait for the functions that run; end those first, if that is to be quick."""
        self.stop()
        with self._lock:
            leaving, self._leaving = self._leaving, []
        for runtime in leaving:
            runtime.join()
