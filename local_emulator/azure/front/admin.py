"""The host's own API below /admin, as far as it is of use here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from local_emulator.azure.front.keys import ADMIN, refusal_status
from local_emulator.azure.front.messages import json_answer
from local_emulator.azure.workers.worker import HOST_VERSION
from local_emulator.http.messages import HttpResponse, problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.front.keys import Keys
    from local_emulator.http.messages import HttpRequest

_PING = "/admin/host/ping"
_SERVED = "host/ping, host/status, host/keys, functions, functions/{name}, functions/{name}/keys and /status"


class ManualRuns(Protocol):
    """Runs functions on demand."""

    def run_now(self, function: Function, text: str) -> None:
        """Start a function with this input and don't wait. Raises ValueError when it takes none such."""
        ...


class AdminApi:
    """Answers requests below /admin with the master key."""

    def __init__(self, functions: Sequence[Function], keys: Keys, runs: ManualRuns) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._keys = keys
        self._runs = runs

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or give None for another path."""
        head = request.head
        if not head.path.lower().startswith("/admin/"):
            return None
        if head.path.lower() == _PING:
            return HttpResponse(200)
        refused = refusal_status(self._keys.level_of(head), ADMIN)
        if refused:
            return HttpResponse(refused)
        match head.path.lower().strip("/").split("/"):
            case ["admin", "host", *steps]:
                return self._host(steps)
            case ["admin", "functions", *steps]:
                return self._of_functions(request, steps)
        return _unknown(head.path)

    def _host(self, steps: Sequence[str]) -> HttpResponse:
        match steps:
            case ["status"]:
                return json_answer(200, {"id": "emulator", "state": "Running", "version": HOST_VERSION})
            case ["keys"]:
                return json_answer(200, {"keys": [{"name": "default", "value": self._keys.default}]})
        return _unknown("/admin/host/" + "/".join(steps))

    def _of_functions(self, request: HttpRequest, steps: Sequence[str]) -> HttpResponse:
        if not steps:
            return json_answer(200, [_described(function) for function in self._functions.values()])
        function = self._functions.get(steps[0])
        if function is None:
            names = ", ".join(found.name for found in self._functions.values())
            return problem(404, "No such function", f"there is no function {steps[0]!r}; there are {names}")
        return self._of_function(function, request, steps[1:])

    def _of_function(self, function: Function, request: HttpRequest, steps: Sequence[str]) -> HttpResponse:
        match request.head.method, list(steps):
            case "GET", []:
                return json_answer(200, _described(function))
            case "GET", ["keys"]:
                key = self._keys.of_function(function.name)
                return json_answer(200, {"keys": [{"name": "default", "value": key}]})
            case "GET", ["status"]:
                return json_answer(200, {})
            case "POST", []:
                return self._start(function, request.body.read())
        return _unknown(request.head.path)

    def _start(self, function: Function, body: bytes) -> HttpResponse:
        try:
            document = json.loads(body or b"{}")
            self._runs.run_now(function, str(document.get("input") or ""))
        except (ValueError, AttributeError) as error:
            return problem(400, "Cannot be run", f'{error}; the body is {{"input": "…"}}')
        return HttpResponse(202)


def _described(function: Function) -> Mapping[str, Any]:
    bindings = (function.trigger, *function.inputs, *function.outputs)
    return {
        "name": function.name,
        "language": "python",
        "config": {"bindings": [dict(binding.settings) for binding in bindings]},
    }


def _unknown(path: str) -> HttpResponse:
    return problem(404, "Not served", f"{path} is not emulated; below /admin there are {_SERVED}")
