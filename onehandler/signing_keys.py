"""Key pairs and signatures, with the package cryptography: for the machine that signs."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from onehandler.bundle import MANIFEST, SIGNATURE, Bundle
from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def generate(path: Path) -> str:
    """Write a new private key (PKCS 8 in PEM, for its owner's eyes only) and give the public one in base64.

    Raises SettingsError when there is a file already: a key that is lost can sign no more.
    """
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingsError(
            f"cannot be written: {error.strerror}; choose another name", where=str(path)
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return public_key(key)


def read_key(path: Path) -> Ed25519PrivateKey:
    """A private key that `generate`, or OpenSSL, has written. Raises SettingsError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (TypeError, ValueError):
        raise SettingsError("is no private key in PEM without a password", where=str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError("is not an Ed25519 key; make one with 'onehandler keygen'", where=str(path))
    return key


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half in base64."""
    return b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def sign(folder: Path, key: Ed25519PrivateKey) -> Bundle:
    """Verify the bundle in a folder, and put its manifest's signature beside it. Raises BundleError."""
    bundle = Bundle.load(str(folder))
    signature = key.sign((folder / MANIFEST).read_bytes())
    # Beside the folder: loading refuses a file in it that the manifest doesn't list, also for a moment.
    partial = folder.with_name(f".{folder.name}-{SIGNATURE}")
    try:
        partial.write_bytes(b64encode(signature) + b"\n")
        partial.replace(folder / SIGNATURE)
    finally:
        partial.unlink(missing_ok=True)
    return Bundle.load(bundle.folder, bundle.digest, public_key(key))
