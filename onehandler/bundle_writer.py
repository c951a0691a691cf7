"""Writes bundles: deterministic bytes, all or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.bundle import FORMAT, MANIFEST, Bundle
from onehandler.bundle_names import check_name
from onehandler.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onehandler.signature import Signature


class Content(Protocol):
    """A file too large to hold in memory."""

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, some at a time, and the same bytes every time."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """What a bundle is to hold.

    `files` are the contents by name, the one named `model` among them. `source` says where the model came
    from (framework, class, versions), `samples` a few rows with the predictions expected for them, `baseline`
    each feature's distribution in the training sample, `parity` how the conversion compared. `members` are what a
    runtime or preprocessing wants in the manifest beside these.
    """

    name: str
    version: str
    runtime: str
    model: str
    signature: Signature
    files: Mapping[str, bytes | Content]
    source: Mapping[str, Any] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    parity: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)

    def manifest(self) -> bytes:
        """bundle.json: the same bytes for the same content, so no date."""
        found = {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "runtime": self.runtime,
            "model": self.model,
            "signature": self.signature.to_json(),
            "source": self.source,
            "files": {name: _described(self.files[name]) for name in sorted(self.files)},
            "samples": self.samples,
            "baseline": self.baseline,
            "parity": self.parity,
            **self.members,
        }
        return json.dumps(found, indent=1, allow_nan=False).encode() + b"\n"


def write_bundle(draft: Draft, target: Path) -> Bundle:
    """Write and verify a bundle folder, all or nothing: `put_in_place`."""
    return put_in_place(target, lambda partial: _fill(partial, draft))


def write_content(path: Path, content: bytes | Content) -> None:
    """Write one file, some at a time."""
    with path.open("wb") as file:
        file.writelines(_blocks(content))


def put_in_place(target: Path, fill: Callable[[Path], None]) -> Bundle:
    """Fill a folder beside its place, verify it there, then put it in place of what was there.

    A folder that is no bundle is never replaced: BundleError. When anything fails, what was there still is,
    and nothing else.
    """
    if target.exists() and not (target / MANIFEST).is_file():
        raise BundleError("exists and is no bundle; choose another name or remove it", where=str(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise BundleError(f"cannot be written: {error.strerror}", where=str(target)) from None
    try:
        partial = workplace / "new"
        partial.mkdir(0o755)
        fill(partial)
        Bundle.load(str(partial))
        _replace(partial, target, workplace / "old")
    except OSError as error:
        raise BundleError(f"cannot be written: {error.strerror}", where=str(target)) from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return Bundle.load(str(target))


def _fill(folder: Path, draft: Draft) -> None:
    for name, content in draft.files.items():
        check_name(name)
        path = folder.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_content(path, content)
    (folder / MANIFEST).write_bytes(draft.manifest())


def _replace(partial: Path, target: Path, old: Path) -> None:
    """Two renames: a reader sees the old bundle, for a moment none, or the new one.

    One that reads across them finds digests that differ, and refuses.
    """
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def _described(content: bytes | Content) -> dict[str, Any]:
    digest, size = sha256(), 0
    for block in _blocks(content):
        digest.update(block)
        size += len(block)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _blocks(content: bytes | Content) -> Iterator[bytes]:
    return iter([content]) if isinstance(content, bytes) else content.blocks()
