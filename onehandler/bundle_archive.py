"""A bundle as one file: the same folder as a .tar.gz, as SageMaker and object stores want it.

`pack` writes the same bytes for the same bundle. `unpack` trusts nothing: an archive may hold links, devices,
climbing names, names that differ in case only, and far more bytes than it has itself. It takes exactly the
files that the archive's own manifest lists, with the sizes and digests listed there: all of them are compared
before the first is written, and what was written is then verified like any bundle folder. Refusals are BundleError
or UntrustedBundle and leave nothing behind.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import weakref
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.bundle import MANIFEST, MANIFEST_LIMIT, Bundle, parse_manifest
from onehandler.bundle_names import Names, check_name
from onehandler.bundle_writer import put_in_place
from onehandler.capped_reader import CappedReader
from onehandler.errors import BundleError, OnehandlerError, UntrustedBundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO, Any

LIMIT = 10 * 1024**3  # bytes unpacked: Lambda's largest /tmp
_MOST = 10_000  # members
_LEVEL = 6
_BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Member:
    """One plain file of an archive, readable once, in the archive's order."""

    size: int
    content: IO[bytes]

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        while block := self.content.read(_BLOCK):
            yield block

    def digest(self) -> str:
        """The sha256 of its bytes."""
        found = sha256()
        for block in self.blocks():
            found.update(block)
        return found.hexdigest()


def pack(folder: Path, target: Path) -> None:
    """Verify the bundle and write it as a .tar.gz: manifest first, then its files, sorted and dateless."""
    bundle = Bundle.load(str(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False) as partial:
        path = Path(partial.name)
        try:
            # No file name and no time in gzip's header, or equal bundles would not be equal bytes.
            with gzip.GzipFile("", "wb", _LEVEL, partial, mtime=0) as stream:
                _write(bundle, stream)
            path.chmod(0o644)
            path.replace(target)
        finally:
            path.unlink(missing_ok=True)


def unpack(archive: Path, folder: Path, limit: int = LIMIT) -> Bundle:
    """Unpack into a fresh folder beside `folder`, verify, and put it in the place of the bundle there was."""
    return put_in_place(folder, lambda partial: _extract(archive, partial, limit))


def load_archive(path: str, pinned: str = "", limit: int = LIMIT) -> Bundle:
    """A bundle unpacked to a temporary folder, which goes when the bundle does."""
    folder = tempfile.mkdtemp(prefix="onehandler-bundle-")
    try:
        _extract(Path(path), Path(folder), limit)
        bundle = Bundle.load(folder, pinned)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(bundle, shutil.rmtree, folder, ignore_errors=True)
    return bundle


def _write(bundle: Bundle, stream: gzip.GzipFile) -> None:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for name in (MANIFEST, *sorted(bundle.manifest["files"])):
            with Path(bundle.folder, *name.split("/")).open("rb") as content:
                member = tarfile.TarInfo(name)
                member.size = os.fstat(content.fileno()).st_size
                member.mode = 0o644
                opened.addfile(member, content)


def _extract(archive: Path, folder: Path, limit: int) -> None:
    """Two passes: the manifest decides what all the rest may be and need not come first."""
    listed = _compared(archive, limit)
    with _members(archive, limit) as members:
        for name, member in members:
            if name != MANIFEST:  # the archive may have been replaced in between
                _check_listed(name, member.size, listed)
            _write_file(folder.joinpath(*name.split("/")), member)


def _compared(archive: Path, limit: int) -> Mapping[str, Any]:
    """The manifest's files, once every member has been found to be one of them, byte for byte."""
    listed: Mapping[str, Any] | None = None
    found: dict[str, tuple[int, str]] = {}
    with _members(archive, limit) as members:
        for name, member in members:
            if name == MANIFEST:
                listed = _listed(member, limit)
                continue
            if listed is not None:
                _check_listed(name, member.size, listed)
            found[name] = member.size, member.digest()
        if listed is None:
            raise BundleError(f"holds no {MANIFEST}; make one with 'onehandler pack'")
        for name, (size, digest) in found.items():
            _check_listed(name, size, listed)
            if digest != listed[name]["sha256"]:
                raise UntrustedBundle(f"'{name}' is not the file that was bundled: its sha256 differs")
        for name in listed.keys() - found.keys():
            raise BundleError(f"the manifest lists {name!r:.100}, which is not there")
    return listed


@contextmanager
def _members(archive: Path, limit: int) -> Iterator[Iterator[tuple[str, _Member]]]:
    """The archive's files; whatever gzip, tar or the disk find wrong is a BundleError that names it."""
    try:
        with gzip.open(archive, "rb") as stream:
            # Headers and padding take their room beside what the manifest lists.
            reader = CappedReader(stream, limit + _MOST * 1024)
            with tarfile.open(fileobj=reader, mode="r:") as opened:
                yield _files(opened)
    except OnehandlerError as error:
        raise type(error)(str(error), where=str(archive)) from None
    except (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError) as error:
        raise BundleError(f"is no whole .tar.gz: {error}"[:300], where=str(archive)) from None
    except OSError as error:
        raise BundleError(f"cannot be unpacked: {error.strerror or error}", where=str(archive)) from None
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        # tarfile's parsers let these through on headers that make no sense.
        raise BundleError(f"has a header that makes no sense: {error}"[:300], where=str(archive)) from None


def _files(opened: tarfile.TarFile) -> Iterator[tuple[str, _Member]]:
    """Its plain files by name; UntrustedBundle for anything else but folders."""
    names = Names()
    for index, member in enumerate(opened):
        if index >= _MOST:
            raise UntrustedBundle(f"has more than {_MOST} members")
        name = member.name.removeprefix("./")  # as `tar -C bundle .` writes them
        if member.isdir():
            if name not in (".", ""):
                check_name(name.rstrip("/"))
                names.add_folder(name.rstrip("/"))
            continue
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
            raise UntrustedBundle(f"{name!r:.100} is a link, device or sparse file, not a plain one")
        if name != MANIFEST:
            check_name(name)
        names.add_file(name)
        content = opened.extractfile(member)
        assert content is not None
        yield name, _Member(member.size, content)


def _listed(manifest: _Member, limit: int) -> Mapping[str, Any]:
    """The files of a manifest that makes sense."""
    if manifest.size > MANIFEST_LIMIT:
        raise BundleError(f"{MANIFEST} is larger than {MANIFEST_LIMIT} bytes")
    content = parse_manifest(b"".join(manifest.blocks()))
    files: Mapping[str, Any] = Bundle("", content, "").manifest["files"]
    size = sum(entry["bytes"] for entry in files.values())
    if size > limit:
        raise UntrustedBundle(f"unpacks to {size:.3g} bytes, {limit} are accepted")
    return files


def _check_listed(name: str, size: int, listed: Mapping[str, Any]) -> None:
    if name not in listed:
        raise UntrustedBundle(f"{name!r:.100} is not in the manifest")
    if size != listed[name]["bytes"]:
        raise UntrustedBundle(f"'{name}' has {size} bytes, the manifest says {listed[name]['bytes']}")


def _write_file(path: Path, member: _Member) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for block in member.blocks():
            file.write(block)
