"""The part of IAM policies that authorizers return: whether a request may go on."""

from __future__ import annotations

import re

_ACTION = "execute-api:Invoke"


class MalformedPolicyError(ValueError):
    """The document is not a policy; the message says what is missing."""


def allows(document: object, resource: str) -> bool:
    """Tell whether the policy allows invoking the resource: an explicit Deny wins, silence denies.

    Conditions are refused, not ignored: an authorizer that relies on one must not be let through.
    """
    if not isinstance(document, dict) or "Statement" not in document:
        raise MalformedPolicyError("a policy document has a 'Statement'")
    effects = {
        statement["Effect"]
        for statement in _statements(document["Statement"])
        if _applies(statement, resource)
    }
    return "Allow" in effects and "Deny" not in effects


def _statements(value: object) -> list[dict[str, object]]:
    statements: list[dict[str, object]] = []
    for statement in value if isinstance(value, list) else [value]:
        if not isinstance(statement, dict) or not {"Effect", "Action", "Resource"} <= statement.keys():
            raise MalformedPolicyError("a statement has 'Effect', 'Action' and 'Resource'")
        if statement["Effect"] not in {"Allow", "Deny"}:
            raise MalformedPolicyError("an 'Effect' is 'Allow' or 'Deny'")
        if "Condition" in statement:
            raise MalformedPolicyError(
                "conditions in an authorizer's policy are not emulated; leave them out"
            )
        statements.append(statement)
    return statements


def _applies(statement: dict[str, object], resource: str) -> bool:
    return _any_matches(statement["Action"], _ACTION, re.IGNORECASE) and _any_matches(
        statement["Resource"], resource, 0
    )


def _any_matches(patterns: object, text: str, flags: int) -> bool:
    each = patterns if isinstance(patterns, list) else [patterns]
    return any(re.fullmatch(_regex(str(pattern)), text, flags | re.DOTALL) for pattern in each)


def _regex(pattern: str) -> str:
    """Translate IAM's wildcards; `fnmatch` would also give meaning to square brackets."""
    return "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
