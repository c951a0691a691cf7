"""Our own OpenAPI document, read by a program that sends what it allows, and what it doesn't (schemathesis)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from onehandler.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler

BUNDLES = ("iris", "mixed", "fixed")
MODES = {"allowed": GenerationMode.POSITIVE, "not-allowed": GenerationMode.NEGATIVE}
# The clients of these protocols write and read NaN and infinities as bare words, as their own servers do.
WITH_WORDS = ("/v1/", "/v2/", "/invocations", "/predictions/", "/score")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUICK = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def has_words(content: bytes) -> bool:
    """Whether it has one of the bare NaN and Infinity, which no JSON schema can describe."""
    return any(word in content for word in (b"NaN", b"Infinity"))


def without_tuples(schema: Any) -> Any:
    """The document for schemathesis, which makes of `prefixItems` what it then refuses as no schema."""
    if isinstance(schema, dict):
        return {name: without_tuples(each) for name, each in schema.items() if name != "prefixItems"}
    return [without_tuples(each) for each in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", BUNDLES)
def test_answers_conform_to_the_document(name: str, mode: str, handler_of: Callable[[str], Handler]) -> None:
    app = create_app(handler_of(name))
    schema = schemathesis.openapi.from_dict(without_tuples(app.openapi()))
    schema.app = app
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 10
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=MODES[mode]))
        @QUICK
        def conforms(case: schemathesis.Case) -> None:
            response = case.call()
            words = case.path.startswith(WITH_WORDS) and has_words(response.content)
            case.validate_response(response, checks=CHECKS[:-1] if words else CHECKS)

        try:
            conforms()
        except Unsatisfiable:  # without a body or parameters there is nothing to get wrong
            assert mode == "not-allowed"
            assert operation.method.upper() == "GET"
