"""Content codings: never more than the limit, and what zlib itself makes of it."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from onehandler.codecs.compression import decoded
from tests.fuzz.world import refused
from tests.hostile.cases_encoded import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 10_000
_CODINGS = ("gzip", "deflate", "identity", "x-gzip")


def fuzz(data: bytes) -> None:
    if not data:
        return
    coding, body = _CODINGS[data[0] % len(_CODINGS)], data[1:]
    found: list[bytes] = []
    refused(lambda: found.append(decoded(body, coding, _LIMIT)))
    for content in found:
        assert len(content) <= _LIMIT
        if coding == "gzip" and body:
            assert content == gzip.decompress(body)


def seeds() -> Iterator[bytes]:
    yield b"\0" + gzip.compress(b'{"rows":[]}')
    yield b"\0" + gzip.compress(b"a") + gzip.compress(b"b" * 100)
    yield b"\0" + gzip.compress(bytes(1_000_000))
    yield b"\1" + zlib.compress(b'{"rows":[]}')
    yield b"\1" + zlib.compress(b'{"rows":[]}', wbits=-15)
    for case in CASES:
        coding = case.headers.get("content-encoding", "")
        if coding in _CODINGS and len(case.body) < 1000:
            yield bytes([_CODINGS.index(coding)]) + case.body
