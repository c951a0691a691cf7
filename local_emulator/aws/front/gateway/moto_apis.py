"""HTTP APIs as moto's apigatewayv2 keeps them, in our terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.front.ports import (
    ApiDefinition,
    AuthorizerDefinition,
    Cors,
    IntegrationDefinition,
    RouteDefinition,
    StageDefinition,
    Throttle,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class MotoApiDirectory:
    """Reads moto's apigatewayv2 backends, of every account and region."""

    def __init__(self) -> None:
        # Here, not above: moto takes half a second to import, and routing is tested without it.
        from moto.apigatewayv2.models import apigatewayv2_backends

        self._backends = apigatewayv2_backends

    def find_api(self, api_id: str) -> ApiDefinition | None:
        """Find the HTTP API with this id; WebSocket APIs are not served."""
        for account_id, region, api in self._all():
            if api.api_id == api_id:
                return definition_of(api, account_id, region)
        return None

    def api_ids(self) -> list[str]:
        """Give the id of every HTTP API."""
        return [api.api_id for _, _, api in self._all()]

    def _all(self) -> Iterator[tuple[str, str, Any]]:
        # Copies, because another thread may create an API while we look.
        for account_id, regions in list(self._backends.items()):
            for region, backend in list(regions.items()):
                for api in list(backend.apis.values()):
                    if api.protocol_type == "HTTP":
                        yield account_id, region, api


def definition_of(api: Any, account_id: str, region: str) -> ApiDefinition:
    """Translate one moto API."""
    return ApiDefinition(
        api_id=api.api_id,
        account_id=account_id,
        region=region,
        routes=tuple(_route(each) for each in list(api.routes.values())),
        integrations=tuple(_integration(each) for each in list(api.integrations.values())),
        authorizers=tuple(_authorizer(each) for each in list(api.authorizers.values())),
        stages=tuple(_stage(each) for each in list(api.stages.values())),
        cors=_cors(api.cors_configuration),
    )


def _route(route: Any) -> RouteDefinition:
    return RouteDefinition(
        route_key=route.route_key,
        integration_id=(route.target or "").removeprefix("integrations/"),
        authorization_type=route.authorization_type or "NONE",
        authorizer_id=route.authorizer_id or "",
    )


def _integration(integration: Any) -> IntegrationDefinition:
    return IntegrationDefinition(
        integration_id=integration.id,
        kind=integration.integration_type,
        uri=integration.integration_uri or "",
        payload_version=str(
            integration.payload_format_version or "1.0"
        ),  # AWS's default for its API; not SAM's
        timeout_ms=int(integration.timeout_in_millis or 30_000),
    )


def _authorizer(authorizer: Any) -> AuthorizerDefinition:
    sources = authorizer.identity_source or ()
    return AuthorizerDefinition(
        authorizer_id=authorizer.id,
        name=authorizer.name,
        kind=authorizer.authorizer_type,
        uri=authorizer.authorizer_uri or "",
        payload_version=str(authorizer.auth_payload_format_version or "1.0"),
        simple_responses=_truth(authorizer.enable_simple_response),
        identity_sources=(sources,) if isinstance(sources, str) else tuple(sources),
        result_ttl_s=int(authorizer.auth_result_ttl or 0),
    )


def _stage(stage: Any) -> StageDefinition:
    throttles = {key: _throttle(value) for key, value in (stage.route_settings or {}).items()}
    return StageDefinition(
        name=stage.name,
        variables=tuple((stage.stage_variables or {}).items()),
        throttle=_throttle(stage.default_route_settings or {}),
        route_throttles=tuple((key, value) for key, value in throttles.items() if value is not None),
    )


def _throttle(settings: Mapping[str, Any]) -> Throttle | None:
    """Read a rate and a burst; CloudFormation capitalises what the API does not."""
    lowered = {key.lower(): value for key, value in settings.items()}
    rate, burst = lowered.get("throttlingratelimit"), lowered.get("throttlingburstlimit")
    if rate is None and burst is None:
        return None
    # What is left open is AWS's default for an account: 10,000 a second, 5,000 at once.
    return Throttle(float(10_000 if rate is None else rate), int(5_000 if burst is None else burst))


def _cors(configuration: Mapping[str, Any] | None) -> Cors | None:
    if not configuration:
        return None
    lowered = {key.lower(): value for key, value in configuration.items()}
    max_age = lowered.get("maxage")
    return Cors(
        allow_origins=tuple(lowered.get("alloworigins") or ()),
        allow_methods=tuple(lowered.get("allowmethods") or ()),
        allow_headers=tuple(lowered.get("allowheaders") or ()),
        expose_headers=tuple(lowered.get("exposeheaders") or ()),
        allow_credentials=_truth(lowered.get("allowcredentials")),
        max_age_s=None if max_age is None else int(max_age),
    )


def _truth(value: object) -> bool:
    return value is True or str(value).lower() == "true"
