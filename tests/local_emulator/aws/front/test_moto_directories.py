"""HTTP APIs and function URLs made with boto3, read back from moto, called over HTTP."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.front.application import Front
from local_emulator.aws.front.composition import function_lanes
from local_emulator.aws.front.control_plane import moto_account_of, moto_control_plane
from local_emulator.aws.front.function_urls.moto_urls import MotoFunctionUrlDirectory, url_id_of
from local_emulator.aws.front.gateway.moto_apis import MotoApiDirectory
from local_emulator.aws.front.ports import Cors, Throttle
from local_emulator.http.server import HttpServer, listen
from onehandler.pythons import this_version
from tests.local_emulator.aws.front.aws import aws_client
from tests.local_emulator.aws.front.fakes import (
    ACCOUNT,
    REGION,
    Directory,
    RecordingAsyncInvoker,
    ScriptedRunner,
)
from tests.local_emulator.wire import send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def port() -> Iterator[int]:
    listener = listen(0)
    directory = Directory()
    directory.add("pets")
    lanes = function_lanes(
        directory,
        ScriptedRunner(),
        RecordingAsyncInvoker(),
        MotoApiDirectory(),
        MotoFunctionUrlDirectory(),
        moto_account_of,
    )
    with HttpServer(listener, Front(lanes, moto_control_plane(listener.getsockname()[1]))) as server:
        yield server.port


@pytest.fixture
def clients(port: int) -> Iterator[Callable[[str], Any]]:
    made: list[Any] = []

    def make(service: str) -> Any:
        made.append(aws_client(service, port))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_an_api_made_with_boto3_is_served(port: int, clients: Callable[[str], Any]) -> None:
    gateway = clients("apigatewayv2")
    cors = {
        "AllowOrigins": ["https://a.example"],
        "AllowMethods": ["GET"],
        "AllowCredentials": True,
        "MaxAge": 5,
    }
    api_id = gateway.create_api(Name="pets", ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
    integration = gateway.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pets",
        PayloadFormatVersion="2.0",
        TimeoutInMillis=5000,
    )["IntegrationId"]
    gateway.create_route(ApiId=api_id, RouteKey="GET /pets/{id}", Target=f"integrations/{integration}")
    gateway.create_stage(
        ApiId=api_id,
        StageName="dev",
        StageVariables={"a": "b"},
        DefaultRouteSettings={"ThrottlingRateLimit": 5.0, "ThrottlingBurstLimit": 9},
        RouteSettings={"GET /pets/{id}": {"ThrottlingRateLimit": 7.0, "ThrottlingBurstLimit": 8}},
    )
    authorizer = gateway.create_authorizer(
        ApiId=api_id,
        Name="gate",
        AuthorizerType="REQUEST",
        AuthorizerUri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gate",
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        AuthorizerResultTtlInSeconds=30,
        IdentitySource=["$request.header.Authorization"],
    )["AuthorizerId"]
    definition = MotoApiDirectory().find_api(api_id)
    assert definition is not None
    assert (definition.account_id, definition.region) == (ACCOUNT, REGION)
    assert definition.cors == Cors(("https://a.example",), ("GET",), allow_credentials=True, max_age_s=5)
    assert definition.integrations[0].timeout_ms == 5000
    stage = definition.stages[0]
    assert (stage.name, stage.variables, stage.throttle) == ("dev", (("a", "b"),), Throttle(5.0, 9))
    assert stage.route_throttles == (("GET /pets/{id}", Throttle(7.0, 8)),)
    kept = definition.authorizers[0]
    assert (kept.authorizer_id, kept.simple_responses, kept.result_ttl_s) == (authorizer, True, 30)
    assert kept.identity_sources == ("$request.header.Authorization",)
    reply = send(port, "GET", f"/_api/{api_id}/dev/pets/7")
    assert json.loads(reply.body)["pathParameters"] == {"id": "7"}
    gateway.delete_api(ApiId=api_id)
    assert send(port, "GET", f"/_api/{api_id}/dev/pets/7").status == 404


def test_websocket_apis_are_not_served(port: int, clients: Callable[[str], Any]) -> None:
    api_id = clients("apigatewayv2").create_api(Name="ws", ProtocolType="WEBSOCKET")["ApiId"]
    assert MotoApiDirectory().find_api(api_id) is None
    assert send(port, "GET", f"/_api/{api_id}/").status == 404


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event")
    return buffer.getvalue()


def test_a_function_url_made_with_boto3_is_found(port: int, clients: Callable[[str], Any]) -> None:
    name = f"front-{uuid.uuid4()}"
    role = clients("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = clients("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime=f"python{this_version()}",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": _zip()},
    )
    made = functions.create_function_url_config(
        FunctionName=name, AuthType="AWS_IAM", Cors={"AllowOrigins": ["*"], "MaxAge": 3}
    )
    url_id = url_id_of(made["FunctionUrl"])
    found = MotoFunctionUrlDirectory().find_url(url_id)
    assert found is not None
    assert (found.function_name, found.auth_type, found.invoke_mode) == (name, "AWS_IAM", "BUFFERED")
    assert found.cors == Cors(("*",), max_age_s=3)
    assert send(port, "GET", f"/_url/{url_id}/").status == 403  # it wants a signature
    functions.delete_function(FunctionName=name)
    assert MotoFunctionUrlDirectory().find_url(url_id) is None
