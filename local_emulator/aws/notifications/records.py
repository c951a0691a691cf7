"""The JSON in which S3 tells of an event.

Source: "Event message structure" in the S3 User Guide.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from local_emulator.aws.notifications.rules import Rule

_VERSION = "2.1"
_OWNER = "A3NL1KOZZKExample"


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """Something that happened to an object."""

    name: str  # "s3:ObjectCreated:Put"
    bucket: str
    region: str
    key: str  # as it is, not encoded
    at: float  # seconds since the epoch
    sequencer: str
    request_id: str
    size: int | None = None  # bytes; None when the object is gone
    etag: str | None = None  # without quotes
    version_id: str | None = None  # None in a bucket without versions


class Sequencers:
    """Makes sequencers: of two events on one key, the later has the larger, compared as text."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = 0

    def next(self, now: float) -> str:
        """Give one that is larger than all before, in 18 hexadecimal digits."""
        with self._lock:
            self._last = max(self._last + 1, int(now * 1_000_000))
            return f"{self._last:018X}"


def encode_key(key: str) -> str:
    """Encode a key as S3 does in events: as a form field, but for the slash."""
    return quote_plus(key, safe="/")


def new_request_id() -> str:
    """Make an id of the form of S3's: 16 upper-case hexadecimal digits."""
    return secrets.token_hex(8).upper()


def event_message(event: ObjectEvent, rule: Rule) -> dict[str, Any]:
    """Build the message for one destination."""
    record = {
        "eventVersion": _VERSION,
        "eventSource": "aws:s3",
        "awsRegion": event.region,
        "eventTime": _timestamp(event.at),
        "eventName": event.name.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{_OWNER}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": event.request_id,
            "x-amz-id-2": f"{event.request_id}/onehandler",
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule.id,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": _OWNER},
                "arn": f"arn:aws:s3:::{event.bucket}",
            },
            "object": _object(event),
        },
    }
    return {"Records": [record]}


def test_event(bucket: str, at: float) -> dict[str, Any]:
    """Build the message that a destination gets when it is configured."""
    request_id = new_request_id()
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _timestamp(at),
        "Bucket": bucket,
        "RequestId": request_id,
        "HostId": f"{request_id}/onehandler",
    }


def _object(event: ObjectEvent) -> dict[str, Any]:
    fields = {
        "key": encode_key(event.key),
        "size": event.size,
        "eTag": event.etag,
        "versionId": event.version_id,
        "sequencer": event.sequencer,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
