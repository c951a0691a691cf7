"""JSON, read in parts of a few bytes and at once: what one takes, the other takes for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.codecs import json as codec
from onehandler.codecs import json_parts
from onehandler.errors import OnehandlerError
from tests.fuzz.targets import json_codec
from tests.small_parts import names_in, small_parts, whole

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    """The first byte chooses whether rows are found several at once, and whether NaN is a number."""
    if not data:
        return
    flat, tokens, body = bool(data[0] & 1), bool(data[0] & 2), data[1:]
    try:
        value: Any = codec.loads(body, tokens=tokens)
    except OnehandlerError:
        value = OnehandlerError
    try:
        with small_parts(flat=flat):
            found = whole(json_parts.loads(body, names_in(value), tokens=tokens))
    except OnehandlerError:
        found = OnehandlerError
    assert found is value or json_codec.same(value, found), "it is read differently in parts"


def seeds() -> Iterator[bytes]:
    for seed in json_codec.seeds():
        for first in range(4):
            yield bytes([first]) + seed
    yield b'\x00{"a":[' + b"[1,2]," * 20 + b'[3,4]],"b":{"c":[' + b'"x",' * 20 + b"null]}}"
    yield b"\x01[" + b'{"a":1.5,"b":"\\"]"},\n' * 20 + b"{}]"
