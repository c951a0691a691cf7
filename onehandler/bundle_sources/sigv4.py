"""AWS Signature Version 4 for GET requests to S3, without botocore (which takes 60 ms and more to import).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from time import gmtime, strftime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.bundle_sources.access import Access

_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY = sha256(b"").hexdigest()  # of the body, which a GET has not


def signed_headers(
    access: Access, host: str, path: str, headers: dict[str, str], now: float
) -> dict[str, str]:
    """The headers, all of them signed, for a GET of `path` (percent-encoded already) on `host`.

    `now` is in seconds since 1970; S3 accepts 15 minutes of difference.
    """
    moment = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    sent = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": moment, **headers}
    if access.token:
        sent["x-amz-security-token"] = access.token
    names = ";".join(sorted(sent))
    lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
    request = f"GET\n{path}\n\n{lines}\n{names}\n{_EMPTY}"
    scope = f"{moment[:8]}/{access.region}/s3/aws4_request"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = _sign(_key(access, moment[:8]), text).hex()
    credential = f"Credential={access.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**sent, "authorization": f"{_ALGORITHM} {credential}"}


def _key(access: Access, day: str) -> bytes:
    key = f"AWS4{access.secret}".encode()
    for part in (day, access.region, "s3", "aws4_request"):
        key = _sign(key, part)
    return key


def _sign(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
