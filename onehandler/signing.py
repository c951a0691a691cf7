"""Ed25519 (RFC 8032) over bundle.json: a deployment serves what the holder of one private key has signed.

    bundle.sig       beside bundle.json: the signature of its bytes, 64 bytes in base64

The manifest names the digest of every other file, so its signature is the whole bundle's. The setting
ONEHANDLER_PUBLIC_KEY asks for it; without, a signature is neither needed nor looked at. Where the key is kept, how
it is rotated, and who may sign are the deployment's to decide. docs/decisions/0006-signed-bundles.md says why
OpenSSL checks it.
"""

from __future__ import annotations

import os
from binascii import Error as Base64Error
from binascii import a2b_base64
from stat import S_ISREG

from onehandler.bundle import SIGNATURE
from onehandler.errors import SettingsError, UntrustedBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool]

SETTING = "ONEHANDLER_PUBLIC_KEY"
FILE_LIMIT = 256  # bytes of bundle.sig
_KEY, _SIGNATURE = 32, 64  # bytes


def check_folder(folder: str, manifest: bytes, public_key: str) -> None:
    """Refuse a bundle's folder unless its bundle.sig is the key's signature of the manifest."""
    path = os.path.join(folder, SIGNATURE)
    try:
        if not S_ISREG(os.lstat(path).st_mode):  # a FIFO would keep us waiting
            raise UntrustedBundle(f"{SIGNATURE} is a link, folder or device, not a file", where=folder)
        with open(path, "rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise UntrustedBundle(f"{SIGNATURE} cannot be read: {error.strerror}", where=folder) from None
    check(manifest, content, public_key, folder)


def check(manifest: bytes, signature: bytes, public_key: str, where: str) -> None:
    """Refuse a manifest unless `signature`, as bundle.sig holds it, is the key's of these bytes.

    Raises UntrustedBundle, or SettingsError for a key that is none. `where` is the bundle's place.
    """
    key = key_bytes(public_key)
    if not signature:
        raise UntrustedBundle(f"is not signed, and {SETTING} is set; 'onehandler sign' signs it", where=where)
    found = _decoded(signature)
    if len(found) != _SIGNATURE:
        raise UntrustedBundle(f"{SIGNATURE} is no signature; 'onehandler sign' writes one", where=where)
    if not verifier()(key, found, manifest):
        raise UntrustedBundle(f"{SIGNATURE} is not the signature of {SETTING}'s key", where=where)


def key_bytes(public_key: str) -> bytes:
    """The 32 bytes of a public key in base64, as `onehandler keygen` prints it. Raises SettingsError."""
    key = _decoded(public_key.encode("ascii", "replace"))
    if len(key) != _KEY:
        raise SettingsError("must be 32 bytes in base64, as 'onehandler keygen' prints them", where=SETTING)
    return key


def _decoded(text: bytes) -> bytes:
    """What base64 says, or nothing."""
    try:
        return a2b_base64(text.strip(), strict_mode=True)
    except Base64Error:
        return b""


def verifier() -> Verify:
    """Whoever can check here: the OpenSSL that this Python has anyway, else the package cryptography."""
    from onehandler import signing_openssl

    return signing_openssl.verifier() or of_cryptography()


def of_cryptography() -> Verify:
    """The package's check. Raises UntrustedBundle where it is not installed."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise UntrustedBundle(
            "its signature cannot be checked here: there is neither OpenSSL's libcrypto.so nor the package "
            "'cryptography'; add the latter to what is deployed",
            where=SETTING,
        ) from None

    def verify(key: bytes, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify
