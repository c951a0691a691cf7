"""Requests to HTTP functions: route, key and load, before one is run."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Protocol

from local_emulator.azure.front.keys import LEVELS, refusal_status
from local_emulator.azure.front.load import MOST_THREADS, Load
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from local_emulator.azure.deployment.host_json import HttpSettings
    from local_emulator.azure.front.keys import Keys
    from local_emulator.azure.front.routes import Found, Router
    from local_emulator.http.messages import HttpRequest

_log = logging.getLogger(__name__)


class Carrier(Protocol):
    """Carries a request to a function and its answer back."""

    def carry(self, request: HttpRequest, found: Found) -> HttpResponse:
        """Run the function. Its failure is an answer."""
        ...


class HttpFunctions:
    """Answers requests that a route claims; `patience_s` is that of Azure's load balancer."""

    def __init__(
        self, router: Router, keys: Keys, carrier: Carrier, settings: HttpSettings, patience_s: float
    ) -> None:
        self._router = router
        self._keys = keys
        self._carrier = carrier
        self._load = Load(settings)
        self._patience_s = patience_s
        # A run outlives an answer that was given up on: it cannot be the connection's own thread.
        self._pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="azure-http")

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or give None when no route claims the request."""
        found = self._router.find(request.head.method, request.head.path)
        if found is None:
            return None
        name, level = found.route.function.name, LEVELS[found.route.level]
        refused = refusal_status(self._keys.level_of(request.head, name), level)
        if refused:
            return HttpResponse(refused)
        if not self._load.enter():
            return HttpResponse(429)
        running = self._pool.submit(self._run, request, found)
        try:
            return running.result(self._patience_s)
        except FutureTimeoutError:
            _log.warning("%s has not answered within %g s; it goes on running", name, self._patience_s)
            return HttpResponse(504)

    def close(self) -> None:
        """Wait for what runs; the workers must be closed before."""
        self._pool.shutdown()

    def _run(self, request: HttpRequest, found: Found) -> HttpResponse:
        with self._load.running():
            return self._carrier.carry(request, found)
