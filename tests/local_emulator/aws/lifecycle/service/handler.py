"""The function that the sample's HTTP API and function URL lead to."""

import os

import words


def greet(event, context):
    """Greet by path (HTTP API), by query (function URL) or by payload (direct invocation)."""
    name = (event.get("pathParameters") or event).get("name", "nobody")
    print(f"greeting {name}")
    return {"statusCode": 200, "body": words.join(os.environ["GREETING"], name, context.memory_limit_in_mb)}
