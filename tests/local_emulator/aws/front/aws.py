"""boto3 clients of an emulator on a port."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

# boto3's stubs know one overload for each service's literal name; here the name is a parameter.
_make: Any = boto3.client


def aws_client(service: str, port: int) -> Any:
    """Make a client that tries once, so that a test sees the first answer."""
    return _make(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
