"""The host's requests, each handed to Microsoft's runtime, and its answers sent back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import traceback
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from local_emulator.azure.worker_program import wire
from local_emulator.azure.worker_program.conversions import plain, to_request
from local_emulator.azure.worker_program.logs import send_logs
from local_emulator.azure.worker_program.protocol import PROTOCOL, StatusResult

if TYPE_CHECKING:
    import socket

Document = dict[str, Any]
_READ_AHEAD = 1 << 20
_PROPERTIES = {"protos": PROTOCOL, "host": "127.0.0.1"}


class Service:
    """One worker's end of the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._runtime: Any = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Take requests, each in a task of its own, until the host closes its end."""
        reader, self._writer = await asyncio.open_unix_connection(sock=self._socket, limit=_READ_AHEAD)
        self._start_runtime()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self._take(await _frame(reader))
        # What a function is still doing is nobody's concern any more, and may never end.
        os._exit(0)

    def _start_runtime(self) -> None:
        # Microsoft's, from the worker's own environment: where mypy runs there is none.
        import azure_functions_runtime as runtime  # type: ignore[import-not-found,unused-ignore]

        self._runtime = runtime
        loop = asyncio.get_running_loop()
        # Functions log in threads of their own, and the socket belongs to the loop.
        send_logs(lambda log: loop.call_soon_threadsafe(partial(self._send, log)), runtime.invocation_id_cv)
        runtime.start_threadpool_executor()

    def _take(self, request: Document) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Document) -> None:
        try:
            answer = await getattr(self, f"_{request['kind']}")(request["document"])
            self._send({"id": request["id"], "answer": answer})
        except Exception:  # noqa: BLE001 - the host is told of whatever went wrong, and the worker goes on
            self._send({"id": request["id"], "error": traceback.format_exc()})

    def _send(self, document: Document) -> None:
        self._writer.write(wire.encode(document))

    async def _start(self, document: Document) -> Document:
        """Index the app's functions."""
        started = await self._runtime.worker_init_request(
            _request("worker_init_request", capabilities={}, **document)
        )
        if started.result.status != StatusResult.Success:
            return {"refused": plain(started.result.exception)}
        found = await self._runtime.functions_metadata_request(_request("functions_metadata_request"))
        functions = found.function_metadata_results
        for function in functions or ():
            await self._runtime.function_load_request(
                _request("function_load_request", function_id=function.function_id)
            )
        return {
            "capabilities": dict(started.capabilities),
            "runtime": started.worker_metadata.worker_version,
            "functions": None if functions is None else [_told(function) for function in functions],
        }

    async def _invoke(self, document: Document) -> Document:
        """Run a function. Its own failures are part of the answer."""
        # Logged by whatever runs in this task, it belongs to this invocation.
        self._runtime.invocation_id_cv.set(document["invocation_id"])
        request = SimpleNamespace(invocation_request=to_request(document))
        done = await self._runtime.invocation_request(
            SimpleNamespace(request=request, properties=_PROPERTIES)
        )
        succeeded = done.result.status == StatusResult.Success
        return {
            "failure": None if succeeded else plain(done.result.exception),
            "returned": plain(done.return_value),
            "outputs": {output.name: plain(output.data) for output in done.output_data},
        }


async def _frame(reader: asyncio.StreamReader) -> Document:
    """Read one frame. Raises asyncio.IncompleteReadError when the host has gone."""
    sizes = wire.Sizes(await reader.readexactly(wire.HEADER))
    return wire.decode(sizes, await reader.readexactly(sizes.total))


def _request(name: str, **fields: Any) -> SimpleNamespace:
    request = SimpleNamespace(**{name: SimpleNamespace(**fields)})
    return SimpleNamespace(request=request, properties=_PROPERTIES)


def _told(function: Any) -> Document:
    return {
        "name": function.name,
        "id": function.function_id,
        "bindings": list(function.raw_bindings),
        "retries": function.retry_options is not None,
    }
