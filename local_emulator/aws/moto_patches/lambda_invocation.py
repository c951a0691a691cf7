"""moto runs functions in Docker, while whoever sent the event waits."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from local_emulator.aws.control_plane.functions import snapshot_of
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """LambdaFunction.invoke is where moto's own triggers end: SNS, log subscriptions, streams, invoke-async.

    It starts a container and waits. All of these are asynchronous on AWS, and are here; the Invoke API
    itself never gets to moto.
    """
    from moto.awslambda.models import LambdaFunction

    def invoke(self: Any, body: str | bytes, _request_headers: Any, _response_headers: Any) -> str:
        payload = body.encode() if isinstance(body, str) else body
        services.async_invoker.enqueue(snapshot_of(self), payload or b"{}", str(uuid.uuid4()))
        return ""

    LambdaFunction.invoke = invoke


PATCH = Patch(
    "lambda-invocation", (Target("moto.awslambda.models", "LambdaFunction.invoke", "dadc324f30ae"),), _apply
)
