"""Bundle: a model folder with a manifest, verified before anything in it is opened.

    bundle.json      name, version, runtime, signature, source, files with digests, samples, baseline
    model.onnx       or whatever the runtime takes
    handler.py       optional: a Handler subclass with the bundle's own pre- and postprocessing

Loading reads every file once to check its digest and executes nothing. It refuses files that the manifest
doesn't list, links, files with several names (hard links), and paths that leave the folder.
"""

from __future__ import annotations

import json
import os
from stat import S_ISDIR, S_ISREG

from onehandler.errors import BundleError, UntrustedBundle
from onehandler.signature import Signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Final

MANIFEST = "bundle.json"
MODEL_HANDLER = "handler.py"
FORMAT = 1
_MANIFEST_LIMIT = 16 * 1024 * 1024
_BLOCK = 1024 * 1024
# OpenSSL hashes four times as fast as Python's own sha256, but takes 5 ms to load: worth it from here on.
_LARGE = 2 * 1024 * 1024


class Bundle:
    """A verified bundle. `manifest` is bundle.json as parsed; `digest` is the sha256 of its bytes."""

    __slots__ = ("digest", "folder", "manifest", "name", "runtime", "signature", "version")

    def __init__(self, folder: str, manifest: Mapping[str, Any], digest: str) -> None:
        self.folder: Final = folder
        self.manifest: Final = manifest
        self.digest: Final = digest
        self.name: Final = _text(manifest, "name")
        self.version: Final = _text(manifest, "version")
        self.runtime: Final = _text(manifest, "runtime")
        self.signature: Final = Signature.from_json(_object(manifest, "signature"))

    @classmethod
    def load(cls, folder: str, pinned: str = "") -> Bundle:
        """Read and verify a bundle folder.

        With `pinned`, the bundle's digest must be exactly that. BundleError says which file is at fault.
        """
        content = _read_manifest(folder)
        digest = _sha256(len(content))
        digest.update(content)
        found: str = digest.hexdigest()
        if pinned and pinned != found:
            raise UntrustedBundle(f"its digest is {found}, the deployment pins {pinned}", where=folder)
        bundle = cls(folder, _parsed(content), found)
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
        listed = _object(self.manifest, "files")
        present = dict(_walk(self.folder))
        del present[MANIFEST]
        for name, entry in listed.items():
            check_name(name)
            if name not in present:
                raise BundleError(f"the manifest lists '{name}', which is not there", where=self.folder)
            self._verify_file(name, present[name], entry)
        unlisted = sorted(present.keys() - listed.keys())
        if unlisted:
            raise BundleError(f"{unlisted[0]!r:.100} is not in the manifest; remove it", where=self.folder)

    def _verify_file(self, name: str, status: os.stat_result, entry: Any) -> None:
        size = entry.get("bytes") if isinstance(entry, dict) else None
        if status.st_size != size:
            raise UntrustedBundle(f"has {status.st_size} bytes, the manifest says {size!r:.20}", where=name)
        digest = _sha256(status.st_size)
        with open(os.path.join(self.folder, *name.split("/")), "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != entry.get("sha256"):
            raise UntrustedBundle("is not the file that was bundled: its sha256 differs", where=name)


def check_name(name: str) -> None:
    """Refuse a file name that could leave the bundle's folder or confuse whoever reads it."""
    parts = name.split("/")
    if not name or "\\" in name or not name.isprintable() or any(part in ("", ".", "..") for part in parts):
        raise BundleError(f"{name!r:.100} is not a plain relative path", where=MANIFEST)


def _read_manifest(folder: str) -> bytes:
    path = os.path.join(folder, MANIFEST)
    try:
        with open(path, "rb") as file:
            content = file.read(_MANIFEST_LIMIT + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BundleError(
            f"no bundle here: {MANIFEST}: {reason}; build one with 'onehandler build'", where=folder
        ) from None
    if len(content) > _MANIFEST_LIMIT:
        raise BundleError(f"{MANIFEST} is larger than {_MANIFEST_LIMIT} bytes", where=folder)
    return content


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"is not JSON: {error}", where=MANIFEST) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f'needs "format": {FORMAT}; rebuild it with this version', where=MANIFEST)
    return manifest


def _walk(folder: str, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Every file below the folder by its manifest name; links, devices and hard links are refused."""
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


def _sha256(size: int) -> Any:
    """A sha256 object: the interpreter's own for small data, OpenSSL's for large."""
    if size < _LARGE:
        try:
            from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            from hashlib import sha256
    else:
        from hashlib import sha256
    return sha256()


def _text(manifest: Mapping[str, Any], key: str) -> str:
    value = manifest.get(key)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise BundleError(f"needs a text '{key}'", where=MANIFEST)
    return value


def _object(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = manifest.get(key)
    if not isinstance(value, dict):
        raise BundleError(f"needs an object '{key}'", where=MANIFEST)
    return value
