"""Connections that send one request after the other, know every right answer, and say what became of each."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RIGHT, WRONG, REFUSED, ENDED, CUT, LOST = "right", "wrong", "5xx", "ended", "cut", "lost"
_TIMEOUT = 30.0  # seconds; a request without any outcome by then is lost
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A request's body, and the body of the only right answer."""

    sent: bytes
    expected: bytes


@dataclass(slots=True)
class Seen:
    """What became of requests: outcomes of every attempt, when right answers came, and how long they took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    answered_at: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0

    def longest_gap(self) -> float:
        """Seconds in which no right answer came, at most."""
        times = sorted(self.answered_at)
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


async def attack(port: int, cases: Sequence[Case], count: int, connections: int, per_second: float) -> Seen:
    """Send `count` requests over so many connections, at most so many a second; each until it has an answer."""
    seen = Seen()
    turns = _turns(cases, count)
    started = monotonic()
    sent = iter(range(count))

    async def client() -> None:
        connection = _Connection(port)
        for case in turns:
            due = started + next(sent) / per_second
            await asyncio.sleep(max(0.0, due - monotonic()))
            await _until_answered(connection, case, seen)
        connection.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return seen


def _turns(cases: Sequence[Case], count: int) -> Iterator[Case]:
    """Shared by all clients: whoever is free takes the next."""
    return (cases[number % len(cases)] for number in range(count))


async def _until_answered(connection: _Connection, case: Case, seen: Seen) -> None:
    first = monotonic()
    while monotonic() - first < _TIMEOUT:
        outcome = await connection.ask(case)
        seen.outcomes[outcome] += 1
        if outcome in (RIGHT, WRONG):
            now = monotonic()
            seen.answered_at.append(now)
            seen.seconds.append(now - first)
            return
        await asyncio.sleep(0.005)  # as clients do before they try again
    seen.unanswered += 1


class _Connection:
    """One keep-alive connection, opened again when it has ended."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, case: Case) -> str:
        """Send one request, and say what became of it."""
        head = f"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(case.sent)}\r\n"
        whole = head.encode() + b"content-type: application/json\r\n\r\n" + case.sent
        received = b""
        try:
            async with asyncio.timeout(_TIMEOUT):
                reader, writer = await self._opened()
                writer.write(whole)
                received = await reader.readuntil(_HEAD_END)
                body = await reader.readexactly(_length(received))
        except TimeoutError:
            self.close()
            return LOST
        except asyncio.IncompleteReadError as error:
            self.close()
            return CUT if received or error.partial else ENDED
        except OSError:
            self.close()
            return CUT if received else ENDED
        if b"connection: close" in received.lower():
            self.close()
        status = int(received.split(b" ", 2)[1])
        if status >= 500:
            return REFUSED
        return RIGHT if (status, body) == (200, case.expected) else WRONG

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams

    def close(self) -> None:
        """Let it go."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    found = next(line for line in lines if line.startswith(b"content-length:"))
    return int(found.partition(b":")[2])


def rows_of(row: list[Any], count: int) -> list[list[Any]]:
    """Rows that differ, so that an answer to another request is a wrong one."""
    return [[value * (1 + number / (4 * count)) for value in row] for number in range(count)]


def body_of(row: list[Any]) -> bytes:
    """One row as clients send it."""
    return json.dumps({"rows": [row]}).encode()
