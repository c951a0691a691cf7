"""The webhooks below /runtime/webhooks: Event Grid's deliveries to Event Grid and blob triggers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local_emulator.azure.front.keys import SYSTEM, refusal_status
from local_emulator.azure.front.messages import json_answer
from local_emulator.http.messages import HttpResponse, problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_emulator.azure.front.keys import Keys
    from local_emulator.azure.triggers.events import TakeEvent
    from local_emulator.http.messages import HttpRequest

_PREFIX = "/runtime/webhooks/"
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_THREADS = 16


class Webhooks:
    """Takes events for functions. `takers`: by extension ("eventgrid", "blobs"), then by functionName.

    A taker gives the message of a failure, or None; one failure fails the delivery, which is then repeated whole.
    """

    def __init__(self, takers: Mapping[str, Mapping[str, TakeEvent]], keys: Keys) -> None:
        self._takers = takers
        self._keys = keys
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="azure-webhooks")

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer, or give None for another path."""
        path = request.head.path.lower()
        if not path.startswith(_PREFIX):
            return None
        extension = path.removeprefix(_PREFIX)
        takers = self._takers.get(extension)
        if takers is None:
            return problem(404, "Not served", f"{path} is not emulated; there are {', '.join(self._takers)}")
        refused = refusal_status(self._keys.level_of(request.head, extension=extension), SYSTEM)
        if refused:
            return HttpResponse(refused)
        name = dict(parse_qsl(request.head.query)).get("functionName", "")
        take = takers.get(name.lower())
        if take is None:
            return HttpResponse(404, (), f"cannot find function: '{name}'".encode())
        return self._events(request, take)

    def close(self) -> None:
        """Wait for what runs."""
        self._pool.shutdown()

    def _events(self, request: HttpRequest, take: TakeEvent) -> HttpResponse:
        if request.head.method == "OPTIONS":  # the handshake of CloudEvents
            return HttpResponse(200, (("Webhook-Allowed-Origin", "eventgrid.azure.net"),))
        kind = (request.head.headers.get("aeg-event-type") or "").lower()
        if kind == "unsubscribe":
            return HttpResponse(202)
        try:
            events = _read(request.body.read())
        except (ValueError, RecursionError) as error:
            return problem(400, "No events", f"{error}; the body is an event or an array of events, as JSON")
        if kind == "subscriptionvalidation" or (events and events[0].get("eventType") == _VALIDATION):
            return _validated(events)
        failure = next(filter(None, self._pool.map(take, events)), None)
        return HttpResponse(202) if failure is None else HttpResponse(500, (), failure.encode())


def _validated(events: Sequence[Mapping[str, Any]]) -> HttpResponse:
    data = events[0].get("data") if events else None
    if not isinstance(data, dict) or "validationCode" not in data:
        return problem(400, "No validation code", "the event's data has no validationCode")
    return json_answer(200, {"validationResponse": data["validationCode"]})


def _read(body: bytes) -> Sequence[Mapping[str, Any]]:
    document = json.loads(body)
    events = document if isinstance(document, list) else [document]
    if not all(isinstance(event, dict) for event in events):
        raise ValueError("an event is an object")
    return events
