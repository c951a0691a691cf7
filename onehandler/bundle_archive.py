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

from onehandler.bundle import MANIFEST, MANIFEST_LIMIT, SIGNATURE, Bundle, parse_manifest
from onehandler.bundle_names import Names, check_name
from onehandler.bundle_writer import put_in_place
from onehandler.capped_reader import CappedReader
from onehandler.errors import BundleError, OnehandlerError, UntrustedBundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO, Any

LIMIT = 10 * 1024**3  # bytes unpacked: Lambda's largest /tmp
_MOST = 10_000  # members
_BESIDE = {MANIFEST: MANIFEST_LIMIT, SIGNATURE: 256}  # bytes of what the manifest doesn't list
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


def load_archive(path: str, pinned: str = "", limit: int = LIMIT, public_key: str = "") -> Bundle:
    """A bundle unpacked to a temporary folder, which goes when the bundle does."""
    folder = tempfile.mkdtemp(prefix="onehandler-bundle-")
    try:
        _extract(Path(path), Path(folder), limit, public_key)
        bundle = Bundle.load(folder, pinned, public_key)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(bundle, shutil.rmtree, folder, ignore_errors=True)
    return bundle


def _write(bundle: Bundle, stream: gzip.GzipFile) -> None:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as opened:
        signature = [SIGNATURE] if Path(bundle.folder, SIGNATURE).exists() else []
        for name in (MANIFEST, *signature, *sorted(bundle.manifest["files"])):
            with Path(bundle.folder, *name.split("/")).open("rb") as content:
                member = tarfile.TarInfo(name)
                member.size = os.fstat(content.fileno()).st_size
                member.mode = 0o644
                opened.addfile(member, content)


def _extract(archive: Path, folder: Path, limit: int, public_key: str = "") -> None:
    """Two passes: the manifest decides what all the rest may be and need not come first."""
    listed = _compared(archive, limit, public_key)
    with _members(archive, limit) as members:
        for name, member in members:
            _check_listed(name, member.size, listed)  # the archive may have been replaced in between
            _write_file(folder.joinpath(*name.split("/")), member)


def _compared(archive: Path, limit: int, public_key: str) -> Mapping[str, int]:
    """The size of every member, once the manifest has been found to list it, byte for byte."""
    survey = _Survey(limit)
    with _members(archive, limit) as members:
        for name, member in members:
            survey.add(name, member)
        survey.finish(public_key)
    return survey.sizes


class _Survey:
    """What an archive holds, against what its manifest says."""

    def __init__(self, limit: int) -> None:
        self.sizes: dict[str, int] = {}
        self._limit = limit
        self._beside: dict[str, bytes] = {}
        self._digests: dict[str, str] = {}
        self._listed: Mapping[str, Any] = {}
        self._sizes_listed: dict[str, int] = {}

    def add(self, name: str, member: _Member) -> None:
        """Read one member; once the manifest is known, what it doesn't list is refused unread."""
        if name in _BESIDE:
            if member.size > _BESIDE[name]:
                raise BundleError(f"{name} is larger than {_BESIDE[name]} bytes")
            self._beside[name] = b"".join(member.blocks())
            if name == MANIFEST:
                self._listed = _listed(self._beside[name], self._limit)
                self._sizes_listed = {each: entry["bytes"] for each, entry in self._listed.items()}
        else:
            if MANIFEST in self._beside:
                _check_listed(name, member.size, self._sizes_listed)
            self._digests[name] = member.digest()
        self.sizes[name] = member.size

    def finish(self, public_key: str) -> None:
        """Everything has been read: refuse what is missing, too much or another."""
        if MANIFEST not in self._beside:
            raise BundleError(f"holds no {MANIFEST}; make one with 'onehandler pack'")
        if public_key:
            from onehandler.signing import check  # only where the deployment asks for signatures

            check(self._beside[MANIFEST], self._beside.get(SIGNATURE, b""), public_key, "")
        for name, digest in self._digests.items():
            _check_listed(name, self.sizes[name], self._sizes_listed)
            if digest != self._listed[name]["sha256"]:
                raise UntrustedBundle(f"'{name}' is not the file that was bundled: its sha256 differs")
        for name in self._listed.keys() - self._digests.keys():
            raise BundleError(f"the manifest lists {name!r:.100}, which is not there")


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
        if name not in _BESIDE:
            check_name(name)
        names.add_file(name)
        content = opened.extractfile(member)
        assert content is not None
        yield name, _Member(member.size, content)


def _listed(manifest: bytes, limit: int) -> Mapping[str, Any]:
    """The files of a manifest that makes sense."""
    files: Mapping[str, Any] = Bundle("", parse_manifest(manifest), "").manifest["files"]
    size = sum(entry["bytes"] for entry in files.values())
    if size > limit:
        raise UntrustedBundle(f"unpacks to {size} bytes, {limit} are accepted")
    return files


def _check_listed(name: str, size: int, sizes: Mapping[str, int]) -> None:
    if name not in sizes:
        raise UntrustedBundle(f"{name!r:.100} is not in the manifest")
    if size != sizes[name]:
        raise UntrustedBundle(f"'{name}' has {size} bytes, the manifest says {sizes[name]}")


def _write_file(path: Path, member: _Member) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for block in member.blocks():
            file.write(block)
