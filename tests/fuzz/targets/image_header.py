"""What PNG, JPEG and WebP say of themselves before anything is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.preprocessing.image_header import header_of
from tests.fuzz.targets.media import seeds as media_seeds
from tests.fuzz.world import refused

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    refused(lambda: header_of(data, "body"))


def seeds() -> Iterator[bytes]:
    yield from (seed[1:] for seed in media_seeds())
