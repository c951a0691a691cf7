"""Reads ranges of one bucket's objects over a kept connection, again when the fault may pass."""

from __future__ import annotations

import re
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

from onehandler.bundle_sources.sigv4 import signed_headers
from onehandler.errors import BundleError, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from typing import Final

    from onehandler.bundle_sources.access import Access

    Sink = Callable[[int, bytes], object]  # where in the object, and what is there

_ATTEMPTS = 5
_WAIT_S = 0.1  # doubled with each attempt: 1.5 s in all, of the 10 s that Lambda gives an init phase
_TIMEOUT_S = 5
_BLOCK = 256 * 1024
_ERROR_LIMIT = 4096
_PARTIAL, _FORBIDDEN, _NOT_FOUND, _RANGE, _BUSY, _FAULT = 206, 403, 404, 416, 429, 500
_PASSING = ("RequestTimeout", "SlowDown", "InternalError")
_CODE = re.compile(rb"<Code>(\w{1,60})</Code>")


class _Passing(Exception):
    """A fault that may not be there the next time."""


class Bucket:
    """One bucket, for one thread. `sleep` and `now` are in seconds."""

    def __init__(
        self,
        access: Access,
        name: str,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        base = urlsplit(_base(access, name))
        self._access: Final = access
        self._name: Final = name
        self._sleep: Final = sleep
        self._now: Final = now
        self._host: Final = base.netloc
        self._path: Final = base.path
        kind = HTTPSConnection if base.scheme == "https" else HTTPConnection
        self._connection: Final = kind(base.netloc, timeout=_TIMEOUT_S)

    def read(self, key: str, start: int, length: int, sink: Sink) -> int:
        """Read `length` bytes from `start`, or those there are, and give how many. The sink may get some twice.

        Raises BundleError when S3 says no, Unavailable when it does not answer.
        """
        reason = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_WAIT_S * 2 ** (attempt - 1))
            try:
                return self._try(key, start, length, sink)
            except (_Passing, OSError, HTTPException) as error:
                reason = str(error) or type(error).__name__
                self._connection.close()
        raise Unavailable(
            f"S3 did not answer {_ATTEMPTS} times, lastly: {reason:.200}", where=self._named(key)
        )

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _try(self, key: str, start: int, length: int, sink: Sink) -> int:
        path = f"{self._path}/{quote(key, safe='/-_.~')}"
        wanted = {"range": f"bytes={start}-{start + length - 1}"}
        headers = signed_headers(self._access, self._host, path, wanted, self._now())
        self._connection.request("GET", path, headers=headers)
        with self._connection.getresponse() as response:
            if response.status != _PARTIAL:
                self._refuse(key, response)
            return _taken(response, start, length, sink)

    def _refuse(self, key: str, response: HTTPResponse) -> None:
        """Raise what an answer other than the range means."""
        found = _CODE.search(response.read(_ERROR_LIMIT))
        code = found[1].decode() if found else response.reason
        told, status = f"S3 answers {response.status} {code:.60}", response.status
        if status >= _FAULT or status == _BUSY or code in _PASSING:
            raise _Passing(told)
        advice = {
            _FORBIDDEN: "; allow the role s3:GetObject on what lies below the location",
            _NOT_FOUND: "; upload the bundle with 'onehandler push'",
            _RANGE: ": it is shorter than the manifest says",
        }
        raise BundleError(told + advice.get(status, ""), where=self._named(key))

    def _named(self, key: str) -> str:
        return f"s3://{self._name}/{key}"


def _taken(response: HTTPResponse, start: int, length: int, sink: Sink) -> int:
    """Hand the body on; a connection that breaks off is a fault that may pass."""
    size = response.length
    if size is None or size > length:
        raise _Passing(f"the answer has {size} bytes, asked were {length}")
    taken = 0
    while block := response.read(min(_BLOCK, size - taken) or 1):
        sink(start + taken, block)
        taken += len(block)
    if taken != size:
        raise _Passing(f"the connection ended after {taken} of {size} bytes")
    return taken


def _base(access: Access, bucket: str) -> str:
    """The URL that a bucket's keys come after."""
    if access.endpoint:
        return f"{access.endpoint.rstrip('/')}/{bucket}"
    domain = f"s3.{access.region}.amazonaws.com" + (".cn" if access.region.startswith("cn-") else "")
    # A dot in the bucket's name would not match S3's certificate.
    return f"https://{domain}/{bucket}" if "." in bucket else f"https://{bucket}.{domain}"
