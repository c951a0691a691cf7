"""The native protocol: JSON, raw bytes and .npy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.table import CASES as ANSWERED
from tests.fuzz.world import Posts
from tests.hostile.table import CASES as HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = ("application/json", "application/octet-stream", "application/x-npy", "text/csv")
_POSTS = Posts("mixed", ["/predict"], [{"content-type": name} for name in _TYPES])
_ALONE = Posts("iris", ["/predict"], [{"content-type": name} for name in _TYPES])


def fuzz(data: bytes) -> None:
    (_ALONE if data[:1] > b"\x7f" else _POSTS).fuzz(data)


def seeds() -> Iterator[bytes]:
    for seed in (*_POSTS.seeds(ANSWERED), *_POSTS.seeds(HOSTILE)):
        yield seed
        yield bytes([seed[0] | 0x80]) + seed[1:]
