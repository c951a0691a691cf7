"""Bundle: a model folder with a manifest, verified before anything in it is opened.

    bundle.json      name, version, runtime, signature, source, files with digests, samples, baseline
    model.onnx       or whatever the runtime takes
    handler.py       optional: a Handler subclass with the bundle's own pre- and postprocessing

Loading reads every file once to check its digest and executes nothing. It refuses files that the manifest
doesn't list, links, files with several names (hard links), and paths that leave the folder. The same folder as
a .tar.gz is unpacked to a temporary folder first (bundle_archive.py).
"""

from __future__ import annotations

import os
from importlib import import_module
from stat import S_ISDIR, S_ISREG
from sys import version_info

from onehandler.codecs.json import loads
from onehandler.errors import BundleError, RequestError, UntrustedBundle
from onehandler.signature import Signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Final

MANIFEST = "bundle.json"
SIGNATURE = "bundle.sig"  # of the manifest, optional (onehandler/signing.py)
MODEL_HANDLER = "handler.py"
FORMAT = 1
MANIFEST_LIMIT = 16 * 1024 * 1024
_BESIDE = {MANIFEST, SIGNATURE}  # what the manifest doesn't list
_BLOCK = 1024 * 1024
_DEEPEST = 32  # folders within folders
_LONGEST = 128  # characters of the bundle's name, its version, and a file's name that needs no closer look
_MARKS = str.maketrans("", "", "_.-")
# OpenSSL hashes 1,800 MB/s and Python's own sha256 340, but OpenSSL takes 2.5 ms to load, and 6 to 12 where the
# disk has not read it yet. So it is worth it from 1 MB (warm disk) or 3 to 5 MB (cold) on.
_LARGE = 2 * 1024 * 1024


class Bundle:
    """A verified bundle. `manifest` is bundle.json as parsed; `digest` is the sha256 of its bytes.

    `pinned` says that whoever loaded it had said that digest, `signer` which public key was asked for, and signed it.
    """

    __slots__ = (
        "__weakref__", "digest", "folder", "manifest", "name", "pinned", "runtime", "signature", "signer", "version",
    )  # fmt: skip

    def __init__(self, folder: str, manifest: Mapping[str, Any], digest: str) -> None:
        self.folder: Final = folder
        self.manifest: Final = manifest
        self.digest: Final = digest
        self.name: Final = _label(manifest, "name")
        self.version: Final = _label(manifest, "version")
        self.runtime: Final = _text(manifest, "runtime")
        self.signature: Final = Signature.from_json(_object(manifest, "signature"))
        self.pinned = False
        self.signer = ""

    @classmethod
    def load(cls, folder: str, pinned: str = "", public_key: str = "") -> Bundle:
        """Read and verify a bundle folder, a bundle's .tar.gz, or one in S3 (onehandler.bundle_sources).

        With `pinned`, the bundle's digest must be exactly that; with `public_key`, it must be signed with that key.
        BundleError says which file is at fault.
        """
        if folder.startswith("s3://") or (folder.endswith((".tar.gz", ".tgz")) and not os.path.isdir(folder)):
            from onehandler.bundle_sources import load_brought  # never on the cold path of a plain folder

            return load_brought(folder, pinned, public_key)
        content = _read_manifest(folder)
        digest = _sha256(len(content))
        digest.update(content)
        found: str = digest.hexdigest()
        if pinned and pinned != found:
            raise UntrustedBundle(f"its digest is {found}, the deployment pins {pinned}", where=folder)
        if public_key:
            from onehandler.signing import check_folder  # only where the deployment asks for signatures

            check_folder(folder, content, public_key)
        bundle = cls(folder, parse_manifest(content), found)
        bundle.pinned, bundle.signer = bool(pinned), public_key
        bundle._verify_files()
        return bundle

    def path(self, name: str) -> str:
        """Where a file of the bundle lies; BundleError when the manifest doesn't list it."""
        if name not in _object(self.manifest, "files"):
            raise BundleError(f"the manifest lists no file '{name}'", where=self.folder)
        return os.path.join(self.folder, *name.split("/"))

    @property
    def model_path(self) -> str:
        """The model file's path."""
        return self.path(_text(self.manifest, "model"))

    @property
    def handler_path(self) -> str:
        """Path of the bundle's own handler.py, or "" when it has none."""
        return self.path(MODEL_HANDLER) if MODEL_HANDLER in self.manifest["files"] else ""

    def _verify_files(self) -> None:
        listed = self.manifest["files"]
        try:
            present = dict(_walk(self.folder))
        except OSError as error:
            raise BundleError(f"cannot be read: {error.strerror}", where=self.folder) from None
        for name, entry in listed.items():
            if name not in present:
                raise BundleError(f"the manifest lists '{name}', which is not there", where=self.folder)
            self._verify_file(name, present[name], entry)
        if unlisted := sorted(present.keys() - listed.keys() - _BESIDE):
            raise BundleError(f"{unlisted[0]!r:.100} is not in the manifest; remove it", where=self.folder)

    def _verify_file(self, name: str, status: os.stat_result, entry: Mapping[str, Any]) -> None:
        if status.st_size != entry["bytes"]:
            told = f"has {status.st_size} bytes, the manifest says {entry['bytes']}"
            raise UntrustedBundle(told, where=name)
        digest = _sha256(status.st_size)
        try:
            with open(self.path(name), "rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise BundleError(f"cannot be read: {error.strerror}", where=name) from None
        if digest.hexdigest() != entry["sha256"]:
            raise UntrustedBundle("is not the file that was bundled: its sha256 differs", where=name)


def parse_manifest(content: bytes) -> dict[str, Any]:
    """bundle.json as an object whose members have the right types; BundleError names the one that hasn't."""
    manifest = strict_json(content, MANIFEST)
    if not isinstance(manifest, dict):
        raise BundleError("is not a JSON object", where=MANIFEST)
    if type(manifest.get("format")) is not int or manifest["format"] != FORMAT:
        raise BundleError(f'needs "format": {FORMAT}; rebuild it with this version', where=MANIFEST)
    _check_files(_object(manifest, "files"))
    if _text(manifest, "model") not in manifest["files"]:
        raise BundleError("lists no file of the name that 'model' says", where=MANIFEST)
    for key in ("source", "samples", "baseline", "parity"):
        if key in manifest:
            _object(manifest, key)
    for key, value in manifest.get("samples", {}).items():
        if not isinstance(value, list):
            raise BundleError(f"needs a list 'samples.{key}'"[:100], where=MANIFEST)
    return manifest


def strict_json(content: bytes, where: str) -> Any:
    """A document that comes with models, read as strictly as a request's; BundleError says what is wrong."""
    try:
        return loads(content)
    except RequestError as error:
        raise BundleError(f"is not JSON: {error}"[:300], where=where) from None


def _read_manifest(folder: str) -> bytes:
    path = os.path.join(folder, MANIFEST)
    try:
        # A link may lead anywhere, and opening a FIFO would wait for ever.
        if not S_ISREG(os.lstat(path).st_mode):
            raise UntrustedBundle(f"{MANIFEST} is a link, folder or device, not a file", where=folder)
        with open(path, "rb") as file:
            content = file.read(MANIFEST_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BundleError(
            f"no bundle here: {MANIFEST}: {reason}; build one with 'onehandler build'", where=folder
        ) from None
    if len(content) > MANIFEST_LIMIT:
        raise BundleError(f"{MANIFEST} is larger than {MANIFEST_LIMIT} bytes", where=folder)
    return content


def _walk(folder: str, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Every file below the folder by its manifest name; links, devices and hard links are refused."""
    if prefix.count("/") > _DEEPEST:
        raise BundleError(f"has folders more than {_DEEPEST} deep", where=folder)
    with os.scandir(os.path.join(folder, prefix)) as entries:
        for entry in entries:
            name = prefix + entry.name
            status = entry.stat(follow_symlinks=False)
            if S_ISDIR(status.st_mode):
                yield from _walk(folder, name + "/")
            elif not S_ISREG(status.st_mode):
                raise UntrustedBundle(f"{name!r:.100} is a link or device, not a file", where=folder)
            elif status.st_nlink > 1:
                raise UntrustedBundle(
                    f"{name!r:.100} has {status.st_nlink} names (hard links); copy it", where=folder
                )
            else:
                yield name, status


def _check_files(files: Mapping[str, Any]) -> None:
    for name, entry in files.items():
        size, digest = (entry.get("bytes"), entry.get("sha256")) if isinstance(entry, dict) else (None, None)
        if (
            type(size) is not int
            or not 0 <= size < 1 << 63
            or not isinstance(digest, str)
            or len(digest) != 64
        ):
            raise BundleError(f"needs 'bytes' and 'sha256' for {name!r:.100}", where=MANIFEST)
    folded = {name.lower() for name in files}
    plain = len(files) <= 100 and all(map(_is_plain, files)) and folded.isdisjoint(_BESIDE)
    if not plain or len(folded) < len(files):
        from onehandler.bundle_names import check_names  # most bundles need no closer look

        check_names(files)


def _is_plain(name: str) -> bool:
    """Whether it is itself in paths, headers, log lines, pages, templates and commands: nothing to escape."""
    fits = len(name) <= _LONGEST and name.isascii() and name.translate(_MARKS).isalnum()
    return fits and name[0] not in ".-" and name[-1] != "."


def _sha256(size: int) -> Any:
    """A sha256 object: the interpreter's own for small data, OpenSSL's for large."""
    name = "hashlib" if size >= _LARGE else "_sha2" if version_info >= (3, 12) else "_sha256"
    try:
        return import_module(name).sha256()
    except ImportError:  # a Python built without its own
        return import_module("hashlib").sha256()


def _text(manifest: Mapping[str, Any], key: str) -> str:
    value = manifest.get(key)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise BundleError(f"needs a text '{key}'", where=MANIFEST)
    return value


def _label(manifest: Mapping[str, Any], key: str) -> str:
    value = _text(manifest, key)
    if not _is_plain(value):
        raise BundleError(f"needs a '{key}' of 1 to 128 letters, digits, '_', '.' and '-'", where=MANIFEST)
    return value


def _object(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = manifest.get(key)
    if not isinstance(value, dict):
        raise BundleError(f"needs an object '{key}'", where=MANIFEST)
    return value
