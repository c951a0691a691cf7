"""JSON, read the small way, the large way and by the standard library: what one takes, all understand alike."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from onehandler.codecs import json as codec
from onehandler.codecs import large_json
from onehandler.errors import OnehandlerError
from tests.fuzz.world import SMALL
from tests.hostile.raw_bodies import RAW_BODIES

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    try:
        value = codec.loads(data)
    except OnehandlerError:
        large = large_json.loads(data) if 0 < len(data) < SMALL and shallow(data) else large_json.UNSURE
        assert large is large_json.UNSURE, "orjson takes what is refused"
        return
    assert same(value, json.loads(data)), "the standard library reads it differently"
    large = large_json.loads(data)
    assert large is large_json.UNSURE or same(value, large), "orjson reads it differently"
    assert same(codec.loads(codec.dumps(value)), value), "it is written differently"


def shallow(data: bytes) -> bool:
    """The depth is checked before either reader sees a document."""
    return data.count(b"[") + data.count(b"{") <= codec.MAX_DEPTH


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or (one, math.copysign(1, one)) == (
            other,
            math.copysign(1, other),
        )
    if type(one) is int and isinstance(other, float):  # the nearest double, which any tensor would make of it
        return not -(2**63) <= one < 2**64 and float(one) == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return type(one) is type(other) and bool(one == other)


def seeds() -> Iterator[bytes]:
    yield b'{"rows":[[5.1,3.5e0,-0.0,1e-9],{"a":null,"b":[true,false]}],"c":"\\u00e9\\ud83c\\udf0d"}'
    for _, body, _ in RAW_BODIES:
        if len(body) <= SMALL:
            yield body
