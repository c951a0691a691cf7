"""s3://… as a deployment's setting says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.bundle_sources.location import Location
from tests.fuzz.world import refused

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    found: list[Location] = []
    refused(lambda: found.append(Location.parse(text)))
    for location in found:
        assert str(Location.parse(str(location))) == str(location)
        assert ".." not in location.key("model.onnx").split("/")


def seeds() -> Iterator[bytes]:
    for place in ("s3://models/churn/", "s3://models/", "s3://a.b-c/x/(y)/", "s3:///", "s3://models/../"):
        yield place.encode() + b"0123456789abcdef" * 4
