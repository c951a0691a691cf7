"""Requests to HTTP functions: key, load limits, run, answer."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from local_emulator.aws.front.http.messages import HttpResponse
from local_emulator.azure.front.keys import LEVELS, refusal_status
from local_emulator.azure.front.messages import occasion_of, response_of

if TYPE_CHECKING:
    from local_emulator.aws.front.http.messages import HttpRequest
    from local_emulator.azure.bindings.execution import Execution, Occasion
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.deployment.host_json import HttpSettings
    from local_emulator.azure.front.keys import Keys
    from local_emulator.azure.front.routes import Router

_log = logging.getLogger(__name__)
FRONT_END_S = 230.0  # after which Azure's load balancer gives up on an answer
_MOST_THREADS = 512


class HttpFunctions:
    """Answers requests that a route claims."""

    def __init__(
        self,
        router: Router,
        keys: Keys,
        execution: Execution,
        settings: HttpSettings,
        patience_s: float = FRONT_END_S,
    ) -> None:
        self._router = router
        self._keys = keys
        self._execution = execution
        self._load = _Load(settings)
        self._patience_s = patience_s
        # A run outlives an answer that was given up on: it cannot be the connection's own thread.
        self._pool = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="azure-http")

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or give None when no route claims the request."""
        found = self._router.find(request.head.method, request.head.path)
        if found is None:
            return None
        route = found.route
        refused = refusal_status(self._keys.level_of(request.head, route.function.name), LEVELS[route.level])
        if refused:
            return HttpResponse(refused)
        if not self._load.enter():
            return HttpResponse(429)
        running = self._pool.submit(self._run, route.function, occasion_of(request, found.parameters))
        try:
            return running.result(self._patience_s)
        except FutureTimeoutError:
            _log.warning(
                "%s has not answered within %g s; it goes on running", route.function.name, self._patience_s
            )
            return HttpResponse(504)

    def close(self) -> None:
        """Wait for what runs; the workers must be closed before."""
        self._pool.shutdown()

    def _run(self, function: Function, occasion: Occasion) -> HttpResponse:
        try:
            with self._load.slot:
                outcome = self._execution.run(function, occasion)
        finally:
            self._load.leave()
        return response_of(outcome, answers=any(binding.kind == "http" for binding in function.outputs))


class _Load:
    """host.json's limits: how many requests may be in the host, and how many of them may run."""

    def __init__(self, settings: HttpSettings) -> None:
        self._most = settings.max_outstanding
        self._inside = 0
        self._lock = threading.Lock()
        unlimited = settings.max_concurrent < 1
        self.slot = threading.Semaphore(_MOST_THREADS if unlimited else settings.max_concurrent)

    def enter(self) -> bool:
        with self._lock:
            if 0 < self._most <= self._inside:
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
