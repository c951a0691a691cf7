"""A/B splits: shares that hold, keys that stick."""

from __future__ import annotations

from collections import Counter
from random import Random

from onehandler.message import Request
from onehandler.models.split import Split


def request(**headers: str) -> Request:
    return Request(
        "POST", "/predict", {name.replace("_", "-"): value for name, value in headers.items()}, b""
    )


def never() -> float:
    raise AssertionError("a sticky key is not drawn for")


def test_shares_hold_when_drawn() -> None:
    split, random = Split("churn", {"1": 90, "2": 10, "3": 0}), Random(1)
    counts = Counter(split.version(request(), random.random) for _ in range(20_000))
    assert set(counts) == {"1", "2"}
    assert abs(counts["2"] / 20_000 - 0.1) < 0.01


def test_shares_hold_over_sticky_keys_that_look_alike() -> None:
    split = Split("churn", {"1": 70, "2": 30}, "x-user-id")
    counts = Counter(split.version(request(x_user_id=f"user-{i}"), never) for i in range(20_000))
    assert abs(counts["2"] / 20_000 - 0.3) < 0.015


def test_a_key_sticks_and_growing_a_share_moves_nobody_back() -> None:
    before = Split("churn", {"2": 10, "1": 90}, "x-user-id")
    after = Split("churn", {"2": 50, "1": 50}, "x-user-id")
    for i in range(1000):
        asked = request(x_user_id=f"{i}")
        first = before.version(asked, never)
        assert first == before.version(asked, never)
        if first == "2":
            assert after.version(asked, never) == "2"


def test_splits_of_different_models_are_independent() -> None:
    one, other = (Split(salt, {"1": 1, "2": 1}, "k") for salt in ("one", "other"))
    same = sum(
        one.version(request(k=f"{i}"), never) == other.version(request(k=f"{i}"), never) for i in range(4000)
    )
    assert 1800 < same < 2200


def test_without_its_key_a_request_is_drawn_for() -> None:
    split = Split("churn", {"1": 1, "2": 1}, "x-user-id")
    draws = iter((0.0, 0.49, 0.5, 0.999))
    drawn = [split.version(request(), lambda: next(draws)) for _ in range(4)]
    assert drawn == ["1", "1", "2", "2"]
    assert split.version(request(x_user_id=""), lambda: 0.9) == "2"
