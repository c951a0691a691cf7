"""A bundle in S3, fetched to this machine's disk in parallel ranges, and verified there like any other.

    s3://bucket/prefix/DIGEST/bundle.json, model.onnx, model.onnx.data, …

The manifest comes first: unless its sha256 is the digest that the location names, nothing else is read. The
files go to a folder that nobody else sees; only after all of them have been verified does it get its name,
under which a later start of the same sandbox finds it.
"""

from __future__ import annotations

import os
from hashlib import sha256
from threading import Lock, Thread

from onehandler.bundle import MANIFEST, MANIFEST_LIMIT, SIGNATURE, Bundle, parse_manifest
from onehandler.bundle_sources.access import Access
from onehandler.bundle_sources.location import Location
from onehandler.bundle_sources.s3_objects import Bucket
from onehandler.errors import BundleError, UntrustedBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Final

    Open = Callable[[], Bucket]

RANGE = 16 * 1024 * 1024  # bytes a request: S3 recommends 8 to 16 MB
READERS = 8  # connections: one alone brings 50 to 100 MB a second
_PRIVATE = 0o700


def load_remote(
    text: str,
    pinned: str,
    environ: Mapping[str, str],
    open_bucket: Open | None = None,
    public_key: str = "",
) -> Bundle:
    """The bundle at a location, from this machine's disk if it has been fetched before.

    With a `public_key`, it must be signed with it. Raises SettingsError, BundleError (UntrustedBundle where a digest
    or the signature is another) or Unavailable.
    """
    location, access = Location.parse(text), Access(environ)
    if pinned and pinned != location.digest:
        raise UntrustedBundle(f"the deployment pins another digest, {pinned}", where=str(location))
    opener = open_bucket or (lambda: Bucket(access, location.bucket))
    home = _home(access.temporary)
    target = os.path.join(home, location.digest)
    found = _kept(target, location.digest, public_key) or _fetched(location, opener, target, public_key)
    # A location says which bundle it means, but not that somebody has looked at what it would execute.
    found.pinned = bool(pinned)
    return found


def _kept(target: str, digest: str, public_key: str) -> Bundle | None:
    """What an earlier start has fetched, if it is still whole."""
    if not os.path.isdir(target):
        return None
    try:
        return Bundle.load(target, digest, public_key)
    except BundleError:
        _remove(target)
        return None


def _home(temporary: str) -> str:
    """Our folder for bundles; UntrustedBundle when others could write to it."""
    home = os.path.join(temporary, f"onehandler-bundles-{os.getuid()}")
    try:
        os.mkdir(home, _PRIVATE)
    except FileExistsError:
        pass
    except OSError as error:
        raise BundleError(f"cannot be made: {error.strerror}", where=home) from None
    status = os.lstat(home)
    if status.st_uid != os.getuid() or status.st_mode & 0o177077 != 0o040000:
        raise UntrustedBundle("is not a folder of ours alone; remove it", where=home)
    return home


def _fetched(location: Location, opener: Open, target: str, public_key: str) -> Bundle:
    partial = f"{target}.{os.getpid()}"
    try:
        _remove(partial)
        os.mkdir(partial, _PRIVATE)
        _fetch(location, opener, partial, public_key)
        bundle = Bundle.load(partial, location.digest, public_key)
        _settle(partial, target)
    except OSError as error:
        raise BundleError(f"cannot be kept in {partial}: {error.strerror}", where=str(location)) from None
    finally:
        _remove(partial)
    settled = Bundle(target, bundle.manifest, bundle.digest)
    settled.signer = bundle.signer
    return settled


def _settle(partial: str, target: str) -> None:
    """Give a verified folder its name; another process may have been first, with the same."""
    try:
        os.rename(partial, target)
    except OSError:
        if not os.path.isdir(target):
            raise


def _fetch(location: Location, opener: Open, folder: str, public_key: str) -> None:
    content = _manifest(location, opener)
    if public_key:
        _fetch_signature(location, opener, folder, content, public_key)
    checked = Bundle(folder, parse_manifest(content), location.digest).manifest
    sizes = {name: entry["bytes"] for name, entry in checked["files"].items()}
    _check_room(folder, sum(sizes.values()), location)
    with open(os.path.join(folder, MANIFEST), "wb") as file:
        file.write(content)
    descriptors: dict[str, int] = {}
    try:
        for name, size in sizes.items():
            descriptors[name] = _made(folder, name, size)
        _Fetch(location, opener, sizes, descriptors).run()
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


def _manifest(location: Location, opener: Open) -> bytes:
    """The manifest, whose digest is what the location says."""
    content = _small(location, opener, MANIFEST, MANIFEST_LIMIT)
    digest = sha256(content).hexdigest()
    if digest != location.digest:
        raise UntrustedBundle(
            f"its {MANIFEST} has the sha256 {digest}, not the location's", where=str(location)
        )
    return content


def _fetch_signature(location: Location, opener: Open, folder: str, manifest: bytes, public_key: str) -> None:
    """Check the manifest's signature before anything it lists is fetched, and keep it for later starts."""
    from onehandler.signing import FILE_LIMIT, check  # only where the deployment asks for signatures

    try:
        content = _small(location, opener, SIGNATURE, FILE_LIMIT)
    except BundleError as error:
        raise UntrustedBundle(f"has no signature that can be read: {error}"[:400]) from None
    check(manifest, content, public_key, str(location))
    with open(os.path.join(folder, SIGNATURE), "wb") as file:
        file.write(content)


def _small(location: Location, opener: Open, name: str, limit: int) -> bytes:
    """A whole object of at most `limit` bytes."""
    found: dict[int, bytes] = {}
    bucket = opener()
    try:
        size = bucket.read(location.key(name), 0, limit + 1, found.__setitem__)
    finally:
        bucket.close()
    if size > limit:
        raise BundleError(f"{name} is larger than {limit} bytes", where=str(location))
    return b"".join(found[start] for start in sorted(found))[:size]


class _Fetch:
    """All ranges of all files, taken by several readers; the first fault ends it."""

    def __init__(
        self, location: Location, opener: Open, sizes: Mapping[str, int], descriptors: Mapping[str, int]
    ) -> None:
        self._location: Final = location
        self._opener: Final = opener
        self._descriptors: Final = descriptors
        self._ranges: Final = _ranges(sizes)
        self._readers: Final = min(READERS, sum(1 for _ in _ranges(sizes)))
        self._lock: Final = Lock()
        self._faults: Final[list[Exception]] = []

    def run(self) -> None:
        """Fetch everything; raises the first fault when all readers have ended."""
        readers = [Thread(target=self._read, name=f"bundle-reader-{i}") for i in range(self._readers)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        if self._faults:
            raise self._faults[0]

    def _read(self) -> None:
        bucket = self._opener()
        try:
            while (found := self._next()) and not self._faults:
                self._read_range(bucket, *found)
        except Exception as error:  # noqa: BLE001 - raised again by `run`
            self._faults.append(error)
        finally:
            bucket.close()

    def _next(self) -> tuple[str, int, int] | None:
        with self._lock:
            return next(self._ranges, None)

    def _read_range(self, bucket: Bucket, name: str, start: int, length: int) -> None:
        descriptor = self._descriptors[name]
        key = self._location.key(name)
        taken = bucket.read(key, start, length, lambda at, block: _write(descriptor, block, at))
        if taken != length:
            raise UntrustedBundle(
                f"ends at byte {start + taken}, which the manifest denies", where=f"{self._location}/{name}"
            )


def _ranges(sizes: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    """File, first byte and length of every range."""
    for name, size in sizes.items():
        for start in range(0, size, RANGE):
            yield name, start, min(RANGE, size - start)


def _made(folder: str, name: str, size: int) -> int:
    path = os.path.join(folder, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.truncate(descriptor, size)
    return descriptor


def _write(descriptor: int, block: bytes, at: int) -> None:
    left = memoryview(block)
    while left:
        written = os.pwrite(descriptor, left, at)
        left, at = left[written:], at + written


def _check_room(folder: str, size: int, location: Location) -> None:
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if size > free:
        raise BundleError(
            f"needs {size:,} bytes in {folder}, {free:,} are free; raise the function's ephemeral storage",
            where=str(location),
        )


def _remove(folder: str) -> None:
    if os.path.lexists(folder):
        from shutil import rmtree  # after a fault only

        rmtree(folder)
