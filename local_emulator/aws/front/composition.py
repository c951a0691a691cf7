"""Puts the front together from what the control plane provides."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from local_emulator.aws.front.function_urls.lane import FunctionUrlLane
from local_emulator.aws.front.functions import FunctionCaller
from local_emulator.aws.front.gateway.access import Access
from local_emulator.aws.front.gateway.authorizers import LambdaAuthorizers
from local_emulator.aws.front.gateway.lane import HttpApiLane
from local_emulator.aws.front.gateway.throttling import Throttles
from local_emulator.aws.front.invoke.lane import InvokeLane
from local_emulator.aws.front.invoke.streaming import StreamingInvokeLane

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import FunctionRunner
    from local_emulator.aws.front.lanes import Lane
    from local_emulator.aws.front.ports import (
        ApiDirectory,
        AsyncInvoker,
        FunctionDirectory,
        FunctionUrlDirectory,
    )


def function_lanes(
    directory: FunctionDirectory,
    runner: FunctionRunner,
    async_invoker: AsyncInvoker,
    apis: ApiDirectory,
    urls: FunctionUrlDirectory,
    account_of: Callable[[str], str],
) -> tuple[Lane, ...]:
    """Build the lanes that end in a function: the Invoke API, HTTP APIs and function URLs."""
    caller = FunctionCaller(directory, runner)
    access = Access(LambdaAuthorizers(caller, time.monotonic))
    return (
        InvokeLane(directory, runner, async_invoker, account_of),
        StreamingInvokeLane(),
        HttpApiLane(apis, caller, access, Throttles(time.monotonic), time.time, {}),
        FunctionUrlLane(urls, caller, time.time),
    )
