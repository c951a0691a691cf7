from __future__ import annotations

import pytest

from local_emulator.aws.front.gateway.policies import MalformedPolicyError, allows

_ARN = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/pets/dog"


def statement(effect: str, resource: object, action: object = "execute-api:Invoke") -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        (statement("Allow", _ARN), True),
        ([statement("Allow", _ARN)], True),
        ([statement("Allow", "*")], True),
        ([statement("Allow", "arn:aws:execute-api:*:*:abc/*/GET/*")], True),
        ([statement("Allow", "arn:aws:execute-api:*:*:abc/???/GET/pets/dog")], True),
        ([statement("Allow", "*", "execute-api:*")], True),
        ([statement("Allow", "*", ["s3:*", "Execute-Api:invoke"])], True),
        ([statement("Allow", ["arn:other", _ARN])], True),
        ([statement("Allow", "*", "s3:*")], False),
        ([statement("Allow", _ARN + "s")], False),
        ([statement("Allow", _ARN.upper())], False),
        ([statement("Allow", "arn:aws:execute-api:us-east-1:123456789012:ab[c]/*")], False),
        ([statement("Allow", "*"), statement("Deny", _ARN)], False),
        ([statement("Deny", _ARN), statement("Allow", "*")], False),
        ([], False),
    ],
)
def test_policies(statements: object, allowed: bool) -> None:
    assert allows({"Version": "2012-10-17", "Statement": statements}, _ARN) is allowed


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"Statement": ["Allow"]},
        {"Statement": [{"Effect": "Allow"}]},
        {"Statement": [statement("Maybe", "*")]},
        {"Statement": [{**statement("Allow", "*"), "Condition": {"IpAddress": {}}}]},
    ],
)
def test_what_is_no_policy_is_an_error_and_not_a_yes(document: object) -> None:
    with pytest.raises(MalformedPolicyError):
        allows(document, _ARN)
