"""Where S3 is, and who asks: from the variables that Lambda sets, and those that AWS's own tools know."""

from __future__ import annotations

from onehandler.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final


class Access:
    """Region, endpoint and credentials. SettingsError says what is missing."""

    __slots__ = ("endpoint", "key", "region", "secret", "temporary", "token")

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.region: Final = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        self.endpoint: Final = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""
        self.key: Final = environ.get("AWS_ACCESS_KEY_ID", "")
        self.secret: Final = environ.get("AWS_SECRET_ACCESS_KEY", "")
        self.token: Final = environ.get("AWS_SESSION_TOKEN", "")
        self.temporary: Final = environ.get("TMPDIR") or "/tmp"  # noqa: S108 - Lambda's only writable folder
        if not self.key or not self.secret:
            raise SettingsError(
                "is not set, nor AWS_SECRET_ACCESS_KEY beside it; a bundle in S3 needs both "
                "(credential files, containers' endpoints and SnapStart's are not read)",
                where="AWS_ACCESS_KEY_ID",
            )
        if self.endpoint and not self.endpoint.startswith(("http://", "https://")):
            raise SettingsError(
                f"must be an http or https URL, not {self.endpoint!r:.80}", where="AWS_ENDPOINT_URL"
            )
