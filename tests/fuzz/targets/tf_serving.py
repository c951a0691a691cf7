"""TensorFlow Serving's REST protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.table import CASES as ANSWERED
from tests.fuzz.world import Posts
from tests.hostile.table import CASES as HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERBS = ("predict", "classify", "regress")
_POSTS = Posts(
    "mixed", [f"/v1/models/mixed:{verb}" for verb in _VERBS], [{"content-type": "application/json"}]
)


def fuzz(data: bytes) -> None:
    _POSTS.fuzz(data)


def seeds() -> Iterator[bytes]:
    yield b"\1" + b'{"examples":[{"age":1,"visits":2,"city":"x"}],"context":{"age":2}}'
    yield from _POSTS.seeds(ANSWERED)
    yield from _POSTS.seeds(HOSTILE)
