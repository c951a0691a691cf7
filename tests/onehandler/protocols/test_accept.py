"""Accept headers: weights, ranges, and nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.errors import NotAcceptable
from onehandler.protocols.accept import chosen

JSON, CSV, NPY = WRITTEN = ("application/json", "text/csv", "application/x-npy")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        (" , ,", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV; Q=0.5", CSV),
        ("text/*", CSV),
        ("application/*", JSON),
        ("application/x-npy, */*", JSON),
        ("application/x-npy, */*;q=0.9", NPY),
        ("application/json;q=0.3, text/csv;q=0.30, application/x-npy;q=0.299", JSON),
        ("application/json;q=0.3, text/csv;q=0.31", CSV),
        ("application/json;q=0, */*", CSV),
        ("application/*;q=0, */*;q=0.1", CSV),
        ("application/*;q=0.1, application/x-npy;q=0.2", NPY),
        ("application/vnd.model+json", JSON),
        ("text/csv;header=present;q=0.4, application/json;q=0.3", CSV),
        ("text/html, text/csv", CSV),
        # What is no weight says nothing.
        ("text/csv;q=much", CSV),
        ("text/csv;q=-1, application/json;q=0.9", CSV),
        ("text/csv;q=nan", CSV),
        ("text/csv;q=1e9", CSV),
        ("text/csv;q=", CSV),
    ],
)
def test_the_best_liked_is_chosen(accept: str, expected: str) -> None:
    assert chosen(accept, WRITTEN) == expected


@pytest.mark.parametrize(
    "accept", ["text/html", "*/*;q=0", "text/csv;q=0.0", "*", "csv", "image/*, text/x;q=1"]
)
def test_what_nobody_writes_is_refused_by_name(accept: str) -> None:
    with pytest.raises(NotAcceptable) as caught:
        chosen(accept, WRITTEN)
    assert all(media in caught.value.message for media in WRITTEN)
    assert caught.value.where == "accept"


@given(
    st.text(max_size=80) | st.lists(st.sampled_from([*WRITTEN, "*/*", ";q=", "0.5", ",", ";"])).map("".join)
)
def test_nothing_else_happens(accept: str) -> None:
    try:
        assert chosen(accept, WRITTEN) in WRITTEN
    except NotAcceptable:
        return
