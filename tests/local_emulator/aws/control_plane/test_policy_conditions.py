"""Which statements of a bucket policy apply."""

from __future__ import annotations

from typing import Any

import pytest

from local_emulator.aws.control_plane.policy_conditions import statements_that_apply


@pytest.mark.parametrize(
    ("statement", "applies"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::1:root"]}}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": True}}}, True),
        ({"Principal": "*", "Condition": {"BoolIfExists": {"AWS:securetransport": ["false"]}}}, False),
        ({"Principal": "*", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, False),
        ({"Principal": "*", "Condition": {"NumericGreaterThanEquals": {"s3:TlsVersion": 1.2}}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}, False),
    ],
)
def test_statements(statement: dict[str, Any], applies: bool) -> None:
    assert bool(statements_that_apply({"Statement": [{"Effect": "Deny", **statement}]})) is applies


def test_a_single_statement_needs_no_list() -> None:
    assert len(statements_that_apply({"Statement": {"Effect": "Allow", "Principal": "*"}})) == 1


def test_a_condition_that_is_not_worked_out_is_named(caplog: pytest.LogCaptureFixture) -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    statements_that_apply({"Statement": [{"Effect": "Deny", "Principal": "*", "Condition": condition}]})
    assert "condition StringEquals of aws:SourceVpc is not worked out" in caplog.text
