"""The two ways of a request to a function: inside the invocation, or straight to the worker's HTTP server."""

from __future__ import annotations

import http.client
import logging
import uuid
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from local_emulator.azure.errors import HostError
from local_emulator.azure.front.load import MOST_THREADS
from local_emulator.azure.front.messages import occasion_of, response_of
from local_emulator.azure.front.streaming import WorkerConnections
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from concurrent.futures import Future

    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.front.routes import Found
    from local_emulator.azure.workers.contracts import Outcome
    from local_emulator.azure.workers.pool import WorkerPool
    from local_emulator.http.messages import HttpRequest

_log = logging.getLogger(__name__)
_LAST_WORD_S = 5.0  # for the worker's server to answer after a run that has failed
_BEYOND_S = 10.0  # longer than the function may run: its timeout is kept by the invocation


class InvocationCarrier:
    """The usual way: the request is the trigger's value, the answer the function's."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def carry(self, request: HttpRequest, found: Found) -> HttpResponse:
        """Run the function. Its failure is an answer."""
        function = found.route.function
        outcome = self._execution.run(function, occasion_of(request, found.parameters))
        return response_of(outcome, answers=function.answers)

    def close(self) -> None:
        """Nothing is kept."""


class StreamingCarrier:
    """With the HTTP streaming extension: the invocation carries only the route's parameters."""

    def __init__(self, execution: Execution, pool: WorkerPool, timeout_s: float) -> None:
        self._execution = execution
        self._workers = pool
        self._timeout_s = timeout_s + _BEYOND_S
        self._connections = WorkerConnections(self._timeout_s)
        self._pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="azure-invocation")

    def carry(self, request: HttpRequest, found: Found) -> HttpResponse:
        """Run the function on the worker that the request goes to."""
        invocation_id = str(uuid.uuid4())
        try:
            worker = self._workers.pin()
        except HostError as error:
            _log.error("%s: %s", found.route.function.name, error)
            return HttpResponse(503)
        run = self._pool.submit(
            self._execution.run,
            found.route.function,
            occasion_of(request, found.parameters, with_body=False),
            invocation_id=invocation_id,
            runner=worker,
        )
        answer = self._pool.submit(self._connections.forward, request, worker.http_url, invocation_id)
        return self._first(run, answer)

    def close(self) -> None:
        """Wait for what runs; the workers must be closed before."""
        self._pool.shutdown()
        self._connections.close()

    def _first(self, run: Future[Outcome], answer: Future[HttpResponse]) -> HttpResponse:
        """Give the server's answer, unless the run fails without one."""
        both: tuple[Future[Any], ...] = (run, answer)
        wait(both, return_when=FIRST_COMPLETED)
        failed = run.done() and run.result().failure is not None
        try:
            return answer.result(_LAST_WORD_S if failed else self._timeout_s)
        except (OSError, http.client.HTTPException) as error:  # TimeoutError among them
            _log.warning("the worker's server gave no answer: %s", error)
            return HttpResponse(500)
