"""bundle.json."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.bundle import Bundle, parse_manifest
from tests import bundles
from tests.fuzz.world import refused
from tests.malicious.manifests import MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    refused(lambda: _read(data))


def _read(data: bytes) -> None:
    manifest = parse_manifest(data)
    bundle = Bundle("/nowhere", manifest, "")
    for name in manifest["files"]:
        assert not Path(name).is_absolute()
        assert ".." not in Path(name).parts
        assert "\n" not in name
    assert (bundle.name + bundle.version).isascii()
    assert bundle.signature.to_json()


def sound() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        content = Path(bundles.build("mixed", Path(folder)), "bundle.json").read_bytes()
    return json.dumps(json.loads(content)).encode()


def seeds() -> Iterator[bytes]:
    content = sound()
    yield content
    for change, _ in MANIFESTS.values():
        altered = change(content)
        if len(altered) < 5000:
            yield altered
