"""The streaming carrier's server on a free port, without a runtime: whatever it is asked, one callable answers."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adapters.azure_functions.streaming.connection import Asked, Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onehandler.message import Response


@contextmanager
def streaming(answer: Callable[[Asked], Response], limit: int = 1 << 20) -> Iterator[int]:
    """Serve; give the port."""
    loop = asyncio.new_event_loop()
    ready: list[int] = []
    started = threading.Event()

    async def answered(asked: Asked) -> Response:
        return await asyncio.to_thread(answer, asked)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(reader, writer, answered, limit).serve()
        await writer.wait_closed()

    async def serve() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        ready.append(server.sockets[0].getsockname()[1])
        ending.append(asyncio.Event())
        started.set()
        await ending[0].wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    ending: list[asyncio.Event] = []
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait(10)
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(ending[0].set)
        thread.join(10)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
