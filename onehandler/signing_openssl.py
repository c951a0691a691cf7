"""Checks Ed25519 signatures with the OpenSSL that Python's own hashlib is linked with, through ctypes.

https://docs.openssl.org/3.0/man3/EVP_DigestVerifyInit/, https://docs.openssl.org/3.0/man7/EVP_SIGNATURE-ED25519/
"""

from __future__ import annotations

import sys
from ctypes import CDLL, c_char_p, c_int, c_size_t, c_void_p

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NAMES = (
    "libcrypto.so.3",
    "libcrypto.so.1.1",
)  # the first has been in all of Lambda's systems since Python 3.12
_ED25519 = 1087  # NID_ED25519
_VALID = 1  # 0 is a wrong signature, below are faults: only this is a yes


def verifier() -> Callable[[bytes, bytes, bytes], bool] | None:
    """A function of key, signature and message, or None where there is no such library."""
    library = _library()
    if library is None:
        return None

    def verify(key: bytes, signature: bytes, message: bytes) -> bool:
        opened = library.EVP_PKEY_new_raw_public_key(_ED25519, None, key, len(key))
        context = library.EVP_MD_CTX_new()
        try:
            return (
                bool(opened and context)
                and library.EVP_DigestVerifyInit(context, None, None, None, opened) == _VALID
                and library.EVP_DigestVerify(context, signature, len(signature), message, len(message))
                == _VALID
            )
        finally:
            library.EVP_MD_CTX_free(context)
            library.EVP_PKEY_free(opened)

    return verify


def _library() -> Any:
    """The library with the types of what is called; None where it, or a function, is missing."""
    if sys.platform != "linux":  # macOS ends a process that opens its libcrypto by this name
        return None
    for name in _NAMES:
        try:
            return _declared(CDLL(name))
        except (OSError, AttributeError):
            continue
    return None


def _declared(library: Any) -> Any:
    """Every function's types: without, pointers would be cut to 32 bits."""
    types: dict[str, tuple[Any, list[Any]]] = {
        "EVP_PKEY_new_raw_public_key": (c_void_p, [c_int, c_void_p, c_char_p, c_size_t]),
        "EVP_PKEY_free": (None, [c_void_p]),
        "EVP_MD_CTX_new": (c_void_p, []),
        "EVP_MD_CTX_free": (None, [c_void_p]),
        "EVP_DigestVerifyInit": (c_int, [c_void_p] * 5),
        "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    }
    for name, (result, arguments) in types.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
