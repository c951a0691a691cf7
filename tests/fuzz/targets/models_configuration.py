"""models.json, which says what several models are called and who gets which."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.models.layout import read_layout
from tests.fuzz.world import refused

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "churn", "1").mkdir(parents=True)
        Path(folder, "churn", "2").mkdir()
        Path(folder, "models.json").write_bytes(data)
        refused(lambda: read_layout(folder))


def seeds() -> Iterator[bytes]:
    yield b"{}"
    yield json.dumps(
        {
            "default": "churn",
            "models": {
                "churn": {
                    "versions": {"1": {"digest": "a" * 64}, "2": {"location": "s3://b/c"}},
                    "labels": {"stable": "1"},
                    "split": {"1": 9, "2": 1},
                    "sticky": "x-user",
                }
            },
        }
    ).encode()
    yield b'{"models":{"churn":{"default":"2","labels":{"a":"1"}}}}'
