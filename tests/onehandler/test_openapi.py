"""The OpenAPI document: valid, complete, its examples accepted, its schemas true of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from onehandler import openapi
from onehandler.app import create_app
from onehandler.bundle import Bundle
from onehandler.protocols import all_protocols
from tests import bundles
from tests.bundles import COLUMNS, ROW
from tests.onehandler.asgi import ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onehandler.handler import Handler


# Validating the 50,000 numbers that each row of "wide" answers takes seconds and shows nothing new.
@pytest.fixture(params=[*(name for name in bundles.NAMES if name != "wide"), "photo", "review"])
def handler(request: pytest.FixtureRequest, handler_of: Callable[[str], Handler]) -> Handler:
    return handler_of(request.param)


def test_it_is_valid_openapi(handler: Handler) -> None:
    OpenAPIV31SpecValidator(openapi.document(handler.bundle)).validate()


def test_the_application_serves_it(handler: Handler) -> None:
    response = ask(create_app(handler), "GET", "/openapi.json")
    assert response.json() == openapi.document(handler.bundle)


def test_every_route_is_in_it(handler: Handler) -> None:
    paths = openapi.document(handler.bundle)["paths"]
    for protocol in all_protocols():
        for route in protocol.routes:
            listed = route.method.lower() in paths.get(route.template, {})
            described = protocol.describe(route, handler.bundle) is not None
            wanted = bool(route.summary) and described and "{label}" not in route.template  # it has none
            assert listed == wanted, route.template


def test_operation_ids_are_unique(handler: Handler) -> None:
    paths = openapi.document(handler.bundle)["paths"]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(set(ids)) == len(ids)


def operations(document: dict[str, Any], bundle: Bundle) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path.replace("{name}", bundle.name).replace("{version}", bundle.version), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def test_its_examples_fit_and_are_accepted_and_answers_fit_their_schemas(handler: Handler) -> None:
    document = openapi.document(handler.bundle)
    app = create_app(handler)
    posted = 0
    for method, path, operation in operations(document, handler.bundle):
        answer_schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in body.get("examples", {"": {"value": None}}).values():
            options: dict[str, Any] = {"headers": {"accept": "application/json"}}
            if example["value"] is not None:
                options["json"] = example["value"]
                validator(document, body["schema"]).validate(example["value"])
                posted += 1
            response = ask(app, method, path, **options)
            assert response.status_code == 200, response.text
            validator(document, answer_schema).validate(response.json())
    assert posted >= (7 if handler.signature.batched else 3)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"rows": [dict(zip(COLUMNS, ROW, strict=True))]}),
        (200, {"rows": [ROW]}),
        (200, {"rows": [["NaN", 1, 2, 3]]}),
        (422, {"rows": []}),
        (422, {"rows": [ROW[:3]]}),
        (422, {"rows": [[*ROW, 1]]}),
        (422, {"rows": [[*ROW[:3], "x"]]}),
        (422, {"rows": [{COLUMNS[0]: 1}]}),
        (422, {"rows": [ROW], "more": 1}),
        (422, {"columns": {COLUMNS[0]: [1]}}),
        (422, {"inputs": {"Y": [ROW]}}),
        (422, {}),
    ],
)
def test_the_schema_and_the_handler_agree(status: int, body: Any, iris: Handler) -> None:
    document = openapi.document(iris.bundle)
    schema = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert validator(document, schema).is_valid(body) == (status == 200)
    assert ask(create_app(iris), "POST", "/predict", json=body).status_code == status


def test_errors_are_of_their_protocols(iris: Handler) -> None:
    document = openapi.document(iris.bundle)
    app = create_app(iris)
    for path in ("/predict", "/v1/models/{name}:predict"):
        (media,) = document["paths"][path]["post"]["responses"]["4XX"]["content"].items()
        response = ask(app, "POST", path.replace("{name}", "iris"), json={})
        assert response.headers["content-type"] == media[0]
        validator(document, media[1]["schema"]).validate(response.json())


def test_a_bundle_without_samples_gets_examples_of_the_right_shape(tmp_path: Path) -> None:
    for name in bundles.NAMES:
        bundle = Bundle.load(bundles.build(name, tmp_path, samples={}))
        document = openapi.document(bundle)
        for path in document["paths"].values():
            body = path.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in body.get("examples", {}).values():
                validator(document, body["schema"]).validate(example["value"])
