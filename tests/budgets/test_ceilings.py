"""What is said when a budget is broken."""

from __future__ import annotations

import pytest

from tests.budgets.ceilings import CEILINGS, keep_to_list, keep_within


def test_the_ceiling_itself_is_within() -> None:
    keep_within("start.modules", CEILINGS["start"]["modules"])


def test_one_more_says_which_budget_what_was_measured_and_what_is_new() -> None:
    ceiling = CEILINGS["start"]["modules"]
    said = rf"budget start\.modules: measured {ceiling + 1:,}, ceiling {ceiling:,}; new: email, uuid\. "
    with pytest.raises(AssertionError, match=said):
        keep_within("start.modules", ceiling + 1, {"uuid", "email"})


def test_a_ceiling_moves_with_the_interpreter() -> None:
    ceiling = CEILINGS["start"]["modules"]
    keep_within("start.modules", ceiling + 3, moved=3)
    with pytest.raises(AssertionError, match=rf"ceiling {ceiling - 2} \({ceiling} moved by -2 for this"):
        keep_within("start.modules", ceiling, moved=-2)


def test_a_name_that_is_not_listed_is_told() -> None:
    keep_to_list("imports.ours", {"onehandler"}, {"onehandler", "adapters"})
    with pytest.raises(AssertionError, match=r"budget imports\.ours: .*new: email, uuid\. .*budgets\.toml"):
        keep_to_list("imports.ours", {"onehandler", "uuid", "email"}, {"onehandler"})
