"""`lambda.invoke` with a plain payload: the event is the native protocol's body, the result its answer."""

from __future__ import annotations

from json import dumps, loads

from adapters.aws_lambda.events.parts import RESULT_LIMIT
from onehandler.errors import InvalidInput
from onehandler.message import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.message import Response


class Direct:
    """See the module's description."""

    always_fast = True
    limit = RESULT_LIMIT

    def request(self, event: Any, _base_path: str) -> Request:
        """Records are refused by an exception.

        An answer, even a problem, would tell a queue that they have been dealt with, and it would delete
        them.
        """
        if isinstance(event, dict) and "Records" in event:
            raise InvalidInput(
                "this function answers requests; connect queues and buckets to the batch functions",
                where="Records",
            )
        return Request("POST", "/predict", {}, dumps(event).encode())

    def result(self, _event: Any, response: Response) -> dict[str, Any]:
        """The answer, or the problem, as a plain object."""
        result: dict[str, Any] = loads(response.body)
        return result

    def with_path(self, event: Any, _path: str) -> Any:
        """A plain payload has no path, and never leaves the fast lane."""
        return event


SOURCE = Direct()
