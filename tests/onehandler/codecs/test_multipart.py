"""multipart/form-data: whatever parts there are come back; the end has to be there."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import multipart
from onehandler.errors import MalformedBody, OnehandlerError, TooLarge
from tests.conformance.cases_scoring import form

NAMES = st.text(st.characters(codec="ascii", exclude_characters='"', exclude_categories=["C"]), min_size=1)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["", "image/png"]), st.binary()), min_size=1, max_size=4))
def test_what_is_written_is_read(parts: list[tuple[str, str, bytes]]) -> None:
    boundary = "a-boundary-that-nothing-holds"
    found = multipart.loads(form(*parts, boundary=boundary), boundary)
    assert [(part.name, part.content_type, part.content) for part in found] == parts


def test_what_requests_writes_is_read() -> None:
    files = {"data": ("cat.png", b"\x89PNG\r\n--", "image/png")}
    request = requests.Request("POST", "http://x", data={"note": "ä"}, files=files).prepare()
    boundary = str(request.headers["content-type"]).partition("boundary=")[2]
    body = request.body
    assert isinstance(body, bytes)
    found = multipart.loads(body, boundary)
    assert [(part.name, part.content_type, part.content) for part in found] == [
        ("note", "", "ä".encode()),
        ("data", "image/png", b"\x89PNG\r\n--"),
    ]


@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_else_is_raised(body: bytes, boundary: str) -> None:
    try:
        multipart.loads(body, boundary)
    except OnehandlerError:
        return


WHOLE = form(("data", "", b"abc"), ("more", "", b"def"))


@pytest.mark.parametrize("length", range(len(WHOLE) - 2))
def test_a_form_that_is_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(MalformedBody):
        multipart.loads(WHOLE[:length], "b")


def test_very_many_parts_are_refused() -> None:
    assert len(multipart.loads(form(*[("a", "", b"")] * 64), "b")) == 64
    with pytest.raises(TooLarge):
        multipart.loads(form(*[("a", "", b"")] * 65), "b")
