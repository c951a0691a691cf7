"""AWS Lambda: events of every HTTP-like source, and plain payloads, to a Handler and back.

    handler = entry_point(Handler.load("bundle"))    in the deployed module, once, in the init phase

Paths of a protocol take the fast lane. Everything else (pages, OpenAPI, unknown paths) goes through Mangum to
the FastAPI application, both imported at that moment: they cost half a second that no prediction shall wait
for.
"""

from adapters.aws_lambda.entry import entry_point

__all__ = ["entry_point"]
