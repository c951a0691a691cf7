"""In which order resources come."""

from __future__ import annotations

import pytest

from local_emulator.aws.cloudformation.contracts import DeploymentError
from local_emulator.aws.cloudformation.graph import dependency_order, references


@pytest.mark.parametrize(
    ("piece", "names"),
    [
        ({"Ref": "A"}, {"A"}),
        ({"Fn::GetAtt": ["A", "Arn"]}, {"A"}),
        ({"Fn::GetAtt": "A.Arn"}, {"A"}),
        ({"Fn::Sub": "x ${A} ${B.Arn} ${!Not}"}, {"A", "B"}),
        ({"Fn::Sub": ["${A} ${v}", {"v": {"Ref": "B"}}]}, {"A", "v", "B"}),
        ({"DependsOn": "A"}, {"A"}),
        ({"DependsOn": ["A", "B"]}, {"A", "B"}),
        ({"Fn::Join": ["", ["a", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "B"}]}]]}, {"A", "B"}),
    ],
)
def test_every_way_to_refer_is_seen(piece: object, names: set[str]) -> None:
    assert set(references([piece])) == names


def test_the_order_of_the_template_is_kept_where_nothing_speaks_against_it() -> None:
    assert dependency_order({"B": {}, "A": {}, "C": {"Ref": "D"}, "D": {}}) == ["B", "A", "D", "C"]


def test_a_circle_is_named() -> None:
    with pytest.raises(DeploymentError, match=r"Circular dependency between resources: \[A, B, A\]"):
        dependency_order({"A": {"Ref": "B"}, "B": {"Ref": "A"}})
