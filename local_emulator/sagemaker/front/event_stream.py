"""AWS's event stream encoding: how InvokeEndpointWithResponseStream answers.

A message is its length, its headers' length and their CRC, headers, payload, and the CRC of all of it.
https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_TEXT = 7  # the type of a header's value
_AROUND = 16  # bytes: two lengths and two checksums


def part(payload: bytes) -> bytes:
    """One piece of the answer."""
    told = {
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
        ":message-type": "event",
    }
    return message(told, payload)


def failure(kind: str, text: str, **more: str) -> bytes:
    """What broke off the answer: ModelStreamError or InternalStreamFailure."""
    told = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(told, json.dumps({"Message": text, **more}).encode())


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + struct.pack(">BH", _TEXT, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", _AROUND + len(head) + len(payload), len(head))
    begun = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return begun + struct.pack(">I", zlib.crc32(begun))
