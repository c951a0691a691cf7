from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_plus

import pytest

from local_emulator.aws.notifications.records import Sequencers, encode_key, new_request_id


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("plain-_.txt", "plain-_.txt"),
        ("a/b/c", "a/b/c"),
        ("a b", "a+b"),
        ("a+b", "a%2Bb"),
        ("100%", "100%25"),
        ("x=1&y=2", "x%3D1%26y%3D2"),
        ("é/日本", "%C3%A9/%E6%97%A5%E6%9C%AC"),
        ("(1):[2]", "%281%29%3A%5B2%5D"),
    ],
)
def test_keys_are_encoded_as_form_fields_but_for_the_slash(key: str, encoded: str) -> None:
    assert encode_key(key) == encoded
    assert unquote_plus(encoded) == key


def test_sequencers_grow_even_when_the_clock_does_not() -> None:
    sequencers = Sequencers()
    found = [sequencers.next(now) for now in (5.0, 5.0, 4.0, 5.0, 5.00001, 1_700_000_000.0)]
    assert found == sorted(set(found))
    assert {len(each) for each in found} == {18}


def test_sequencers_of_many_threads_are_distinct() -> None:
    sequencers = Sequencers()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: sequencers.next(1.0), range(2000)))
    assert len(set(found)) == 2000


def test_request_ids_have_s3s_form() -> None:
    assert {len(new_request_id()) for _ in range(5)} == {16}
    assert len({new_request_id() for _ in range(50)}) == 50
