"""The floor: a function that does nothing."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer at once."""
    return {"statusCode": 200, "body": "{}"}
