"""Whether a request may take its route, by the route's authorization type."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from local_emulator.aws.front.credentials import credential_of
from local_emulator.aws.front.gateway import answers
from local_emulator.aws.front.gateway.authorizers import AuthorizerFailedError

if TYPE_CHECKING:
    from local_emulator.aws.front.gateway.authorizers import Decision, LambdaAuthorizers
    from local_emulator.aws.front.payloads.call import Call
    from local_emulator.aws.front.ports import ApiDefinition, AuthorizerDefinition, RouteDefinition
    from local_emulator.http.messages import HttpResponse

_log = logging.getLogger(__name__)


class Access:
    """Decides for every route of every API."""

    def __init__(self, authorizers: LambdaAuthorizers) -> None:
        self._authorizers = authorizers
        self._told = False

    def check(
        self, api: ApiDefinition, route: RouteDefinition, call: Call, payload_version: str
    ) -> Call | HttpResponse:
        """Give the call to go on with, with what the authorizer adds, or the response that refuses it."""
        kind = route.authorization_type or "NONE"
        if kind == "NONE":
            return call
        if kind == "AWS_IAM":
            return self._signed(call)
        authorizer = next(
            (each for each in api.authorizers if each.authorizer_id == route.authorizer_id), None
        )
        if kind == "CUSTOM" and authorizer is not None and authorizer.kind == "REQUEST":
            return self._ask(api, authorizer, call, payload_version)
        return answers.not_emulated(
            f"route {route.route_key!r} has authorization type {kind}"
            f"{'' if authorizer else ' and no authorizer that exists'}; "
            "emulated are NONE, AWS_IAM (unverified) and CUSTOM with a Lambda authorizer (type REQUEST)"
        )

    def _signed(self, call: Call) -> Call | HttpResponse:
        if credential_of(call.request.head) is None:
            return answers.FORBIDDEN
        if not self._told:
            self._told = True
            _log.warning("AWS_IAM authorization: signatures must be present and are not verified")
        return call

    def _ask(
        self, api: ApiDefinition, authorizer: AuthorizerDefinition, call: Call, payload_version: str
    ) -> Call | HttpResponse:
        try:
            decision = self._authorizers.decide(api, authorizer, call)
        except AuthorizerFailedError:
            return answers.INTERNAL_SERVER_ERROR
        if decision.refusal is not None:
            return answers.UNAUTHORIZED if decision.refusal == 401 else answers.FORBIDDEN
        return replace(call, authorizer=_passed_along(decision, payload_version))


def _passed_along(decision: Decision, payload_version: str) -> dict[str, object]:
    if payload_version == "1.0":
        principal = {} if decision.principal_id is None else {"principalId": decision.principal_id}
        return {**decision.context, **principal}
    return {"lambda": dict(decision.context) or None}
