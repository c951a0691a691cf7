"""Bundles as .tar.gz: refused, or exactly the files of their manifest, and nothing outside the folder."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.bundle_archive import load_archive
from tests import bundles
from tests.fuzz.world import refused
from tests.malicious.archives import members_of, tar
from tests.malicious.members import MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 100_000


def fuzz(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bundle.tar.gz")
        path.write_bytes(gzip.compress(data, 1) if data[:2] != b"\x1f\x8b" else data)
        refused(lambda: _load(path))
        assert [found.name for found in Path(folder).iterdir()] == ["bundle.tar.gz"]


def _load(path: Path) -> None:
    bundle = load_archive(str(path), "", _LIMIT)
    found = {
        str(each.relative_to(bundle.folder)) for each in Path(bundle.folder).rglob("*") if each.is_file()
    }
    assert found == {"bundle.json", *bundle.manifest["files"]}


def seeds() -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        members = members_of(bundles.build("fixed", Path(folder)))
    yield tar(members)
    yield gzip.compress(tar(members))
    for make, _ in MEMBERS.values():
        content = make(members)
        if len(content) <= 40_000:
            yield content
