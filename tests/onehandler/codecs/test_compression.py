"""Content codings, whole, broken and hostile."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs.compression import decoded
from onehandler.errors import MalformedBody, OnehandlerError, TooLarge, UnsupportedType

LIMIT = 10_000


@given(st.binary(max_size=2000))
def test_every_coding_is_undone(body: bytes) -> None:
    assert decoded(body, "", LIMIT) == body
    assert decoded(gzip.compress(body), "gzip", LIMIT) == body
    assert decoded(gzip.compress(body), " GZIP ", LIMIT) == body
    assert decoded(zlib.compress(body), "deflate", LIMIT) == body


@given(st.binary(min_size=1, max_size=2000))
def test_deflate_without_its_header_too(body: bytes) -> None:
    bare = zlib.compress(body, wbits=-15)
    if bare[0] & 15 != 8:  # what starts like a zlib header is read as one
        assert decoded(bare, "deflate", LIMIT) == body


@given(st.binary(max_size=500), st.sampled_from(["gzip", "deflate", "identity"]))
def test_any_bytes_give_bytes_or_an_error_of_ours(body: bytes, coding: str) -> None:
    try:
        assert len(decoded(body, coding, LIMIT)) <= LIMIT
    except OnehandlerError:
        return


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_the_limit_is_exact(size: int) -> None:
    body = b"a" * size
    for coding, sent in (("", body), ("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
        if size <= LIMIT:
            assert decoded(sent, coding, LIMIT) == body
        else:
            with pytest.raises(TooLarge):
                decoded(sent, coding, LIMIT)


def test_members_add_up() -> None:
    members = gzip.compress(b"a" * 6000) * 2
    with pytest.raises(TooLarge):
        decoded(members, "gzip", LIMIT)
    assert decoded(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", LIMIT) == b"ab"


@pytest.mark.parametrize("cut", [1, 5, 9, 15])
def test_a_cut_off_stream_is_malformed(cut: int) -> None:
    with pytest.raises(MalformedBody):
        decoded(gzip.compress(b"hello world" * 10)[:-cut], "gzip", LIMIT)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "chunked"])
def test_other_codings_are_refused_by_name_of_what_there_is(coding: str) -> None:
    with pytest.raises(UnsupportedType, match="gzip, deflate or identity"):
        decoded(b"", coding, LIMIT)
