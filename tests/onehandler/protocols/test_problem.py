"""Every kind of fault as problem details."""

from __future__ import annotations

import json

import pytest

from onehandler import errors
from onehandler.errors import InvalidInput, Kind, MethodNotAllowed, ModelError, OnehandlerError, SettingsError
from onehandler.protocols import problem


def test_every_kind_has_a_status() -> None:
    assert set(problem.STATUSES) == set(Kind)


def every_error() -> list[type[OnehandlerError]]:
    found = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, OnehandlerError)
    ]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("kind", every_error())
def test_every_error_becomes_a_problem(kind: type[OnehandlerError]) -> None:
    error = (
        MethodNotAllowed("m", allowed=("GET",)) if kind is MethodNotAllowed else kind("what", where="here")
    )
    response = problem.refuse(error)
    body = json.loads(response.body)
    assert response.headers["content-type"] == "application/problem+json"
    assert body["status"] == response.status == problem.STATUSES[error.kind]
    assert body["type"].startswith("urn:onehandler:")
    assert " " not in body["type"]
    # Where a deployment is at fault there may be a path of its machine: the log has it.
    assert body.get("where", "") == ("" if response.status == 500 else error.where)


def test_callers_faults_are_4xx_and_ours_are_5xx() -> None:
    for kind in every_error():
        status = problem.STATUSES[kind.kind]
        assert (status < 500) == (issubclass(kind, (errors.RequestError, ModelError)))


def test_allow_is_a_header() -> None:
    assert problem.refuse(MethodNotAllowed("m", allowed=("GET", "HEAD"))).headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("character", ["a", "\x00", "é", "\U0001f30d", '"', "\ud800"])
def test_eight_kilobytes_hold_it(character: str) -> None:
    response = problem.refuse(InvalidInput(character * 100_000, where=character * 100_000))
    assert len(response.body) <= 8192
    assert json.loads(response.body)["status"] == 422


def test_the_models_words_and_ours_stay_in_the_log() -> None:
    for error in (ModelError("idx=99 is private"), SettingsError("ONEHANDLER_X is private", where="")):
        assert b"private" not in problem.refuse(error).body


def test_an_unforeseen_fault_names_its_id_only() -> None:
    assert b"id-7" in problem.internal("id-7").body
    assert b"request id" not in problem.internal("").body
    assert len(problem.internal("x" * 10_000).body) < 1000
