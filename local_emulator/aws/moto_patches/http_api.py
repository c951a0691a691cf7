"""moto gives out HTTP API addresses that lead to AWS, and cannot update a stage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local_emulator.aws.moto_patches.patching import ABSENT, Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """ApiEndpoint is a host of AWS, and UpdateStage is not implemented at all."""
    from datetime import datetime

    from moto.apigatewayv2.models import Api
    from moto.apigatewayv2.responses import ApiGatewayV2Response

    describe = Api.to_json

    def to_json(self: Any) -> dict[str, Any]:
        return {**describe(self), "apiEndpoint": services.addresses.api(self.api_id)}

    def update_stage(self: Any) -> tuple[int, dict[str, str], str]:
        api_id, name = self.path.split("/")[-3], unquote(self.path.split("/")[-1])
        stage = self.apigatewayv2_backend.get_stage(api_id, name)
        config = json.loads(self.body)
        for member, attribute in _STAGE.items():
            if member in config:
                setattr(stage, attribute, config[member])
        stage.updated = datetime.now()
        return 200, {}, json.dumps(stage.to_json())

    Api.to_json = to_json
    ApiGatewayV2Response.update_stage = update_stage


_STAGE = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id",
    "defaultRouteSettings": "default_route_settings",
    "description": "description",
    "routeSettings": "route_settings",
    "stageVariables": "stage_variables",
}

PATCH = Patch(
    "http-api",
    (
        Target("moto.apigatewayv2.models", "Api.to_json", "b5acd65996ee"),
        Target("moto.apigatewayv2.responses", "ApiGatewayV2Response.update_stage", ABSENT),
    ),
    _apply,
)
