"""How much of anything one client may send."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    head: int = 64 * 1024  # the request line and all header fields together
    request_line: int = 16 * 1024  # a presigned URL with a session token is near 2,000
    header_count: int = 128
    body: int = 5 * 1024 * MIB  # S3's largest single PUT
    body_in_memory: int = 16 * MIB  # larger bodies go to a temporary file; boto3's own parts are 8 MiB
    idle: float = 75.0  # between two requests of a connection
    read: float = 30.0  # for the next bytes within a request
    write: float = 900.0  # for each MiB of a response: a client may work on a download while it reads
    connections: int = 512  # each is a thread
    drain: float = 5.0  # for running requests when the server closes
