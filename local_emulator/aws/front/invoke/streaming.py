"""InvokeWithResponseStream, refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.front.lanes import PathClaim
from local_emulator.http.messages import HttpResponse, json_response

if TYPE_CHECKING:
    from local_emulator.http.messages import HttpRequest

_MESSAGE = (
    "Not emulated: InvokeWithResponseStream (the Lambda runtime client for Python cannot stream); call Invoke"
)


class StreamingInvokeLane:
    """Answers POST /2021-11-15/functions/{name}/response-streaming-invocations with 501."""

    claims = (PathClaim("/2021-11-15/functions/", "/response-streaming-invocations", "POST", "lambda"),)
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Refuse."""
        del request
        return json_response(501, {"message": _MESSAGE}, ("x-amzn-ErrorType", "NotImplementedException"))
