"""Direct invocations, and results too large to be carried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from adapters.aws_lambda import entry_point
from adapters.aws_lambda.events import source_of
from adapters.aws_lambda.limits import fitting
from onehandler.message import Request, Response
from tests.adapters.aws_lambda.golden import KINDS, Context, event_for, golden

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler

LIMIT = 6 * 1024 * 1024


def rows_of_wide(count: int, path: str = "/predict", member: str = "rows") -> Request:
    """Each row answers 50,000 numbers: about 250 KB."""
    return Request("POST", path, {}, json.dumps({member: [[0.25]] * count}).encode())


def test_a_plain_payload_answers_a_plain_object(iris: Handler) -> None:
    result = entry_point(iris)(golden("direct_rows"), Context())
    assert len(result["predictions"]) == 2
    assert result["model"] == {"name": "iris", "version": "1"}


def test_a_call_by_hand_needs_no_context(iris: Handler) -> None:
    assert entry_point(iris)(golden("direct_rows"), None)["predictions"]


def test_named_tensors_work_too(iris: Handler) -> None:
    assert entry_point(iris)(golden("direct_inputs"), Context())["outputs"]["label"] == [2]


@pytest.mark.parametrize("event", [golden("direct_warm_up"), {}, [], None, "rows", {"rows": "x"}])
def test_other_payloads_get_a_problem(event: object, iris: Handler) -> None:
    result = entry_point(iris)(event, Context())
    assert result["status"] == 422
    assert result["detail"]


def test_a_large_answer_that_fits_is_carried(handler_of: Callable[[str], Handler]) -> None:
    result = entry_point(handler_of("wide"))(event_for("http_api", rows_of_wide(20)), Context())
    assert result["statusCode"] == 200
    assert LIMIT * 0.7 < len(json.dumps(result)) < LIMIT


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_over_the_limit_is_refused_in_words(
    kind: str, handler_of: Callable[[str], Handler]
) -> None:
    result = entry_point(handler_of("wide"))(event_for(kind, rows_of_wide(26)), Context())
    assert result["statusCode"] == 413
    problem = json.loads(result["body"])
    assert "can be carried; send fewer rows" in problem["detail"]
    assert len(json.dumps(result)) < 8192


def test_a_load_balancer_carries_less(handler_of: Callable[[str], Handler]) -> None:
    entry = entry_point(handler_of("wide"))
    assert entry(event_for("http_api", rows_of_wide(5)), Context())["statusCode"] == 200
    result = entry(event_for("alb", rows_of_wide(5)), Context())
    assert (result["statusCode"], "1,040,384" in result["body"]) == (413, True)


def test_the_refusal_speaks_the_protocol(handler_of: Callable[[str], Handler]) -> None:
    request = rows_of_wide(26, "/v1/models/wide:predict", "instances")
    result = entry_point(handler_of("wide"))(event_for("http_api", request), Context())
    assert (result["statusCode"], list(json.loads(result["body"]))) == (413, ["error"])


def test_a_direct_answer_over_the_limit_too(handler_of: Callable[[str], Handler]) -> None:
    result = entry_point(handler_of("wide"))({"rows": [[0.25]] * 26}, Context())
    assert result["status"] == 413


@pytest.mark.parametrize(("character", "status"), [("a", 200), ('"', 413), ("\x1f", 413), ("é", 413)])
def test_characters_count_as_json_carries_them(character: str, status: int) -> None:
    """Four million characters fit as they are, but not where JSON escapes each with two to six."""
    event = golden("http_api")
    source = source_of(event)
    result = source.result(event, Response(200, {}, (character * 4_000_000).encode()))
    assert fitting(source, event, source.request(event, ""), result)["statusCode"] == status
