"""s3://bucket/prefix/digest: where a bundle's folder lies in S3, as objects.

The last part is the bundle's digest. So a location names one state of the bundle for ever, a deployment that
names it pins it, and the next version goes beside it.
"""

from __future__ import annotations

import re

from onehandler.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.'()/-]{0,500}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Location:
    """A bundle's place in S3."""

    __slots__ = ("bucket", "digest", "prefix")

    def __init__(self, bucket: str, prefix: str, digest: str) -> None:
        self.bucket: Final = bucket
        self.prefix: Final = prefix
        self.digest: Final = digest

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read a location. Raises SettingsError."""
        place, _, digest = text.rpartition("/")
        if not _DIGEST.fullmatch(digest):
            raise SettingsError(
                f"ends with {digest!r:.80}, not with the bundle's digest; give what 'onehandler push' printed",
                where=text[:200],
            )
        return cls(*parse_prefix(place), digest)

    def key(self, name: str) -> str:
        """The key of a file of the bundle."""
        return "/".join(part for part in (self.prefix, self.digest, name) if part)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key('')}".rstrip("/")


def parse_prefix(text: str) -> tuple[str, str]:
    """Bucket and prefix of s3://bucket/prefix. Raises SettingsError."""
    bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
    prefix = prefix.strip("/")
    parts = prefix.split("/") if prefix else []
    plain = _PREFIX.fullmatch(prefix) and not any(part in ("", ".", "..") for part in parts)
    if not text.startswith(SCHEME) or not _BUCKET.fullmatch(bucket) or not plain:
        raise SettingsError(
            "is not s3://bucket/prefix with a prefix of letters, digits and !_.'()/-", where=text[:200]
        )
    return bucket, prefix
