"""What the adapter takes for granted of Microsoft's worker runtime, asked of the runtime itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local_emulator.azure.workers.environments import NEWEST, Environments

ROOT = Path(__file__).parents[3]
_EXCHANGE = """
import asyncio, sys
sys.path.append(sys.argv[1])
from azure_functions_runtime.http_v2 import http_coordinator as kept
from adapters.azure_functions.streaming.coordinator import forget

async def exchange(name):
    kept.set_http_request(name, "asked")
    assert await kept.get_http_request_async(name) == "asked"
    kept.set_http_response(name, "answered")
    assert await kept.await_http_response_async(name) == "answered"

async def main():
    await exchange("a")
    assert list(kept._context_references) == ["a"], "cured: adapters.azure_functions.streaming.coordinator can go"
    forget("a")
    await exchange("b")
    forget("b")
    forget("c")
    assert not kept._context_references

asyncio.run(main())
"""


def test_the_runtime_keeps_every_request_unless_it_is_made_to_forget() -> None:
    python = Environments().python(NEWEST)
    done = subprocess.run(
        [str(python), "-I", "-c", _EXCHANGE, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
