"""JSON Lines: one JSON value a line, UTF-8 (https://jsonlines.org)."""

from __future__ import annotations

from io import BytesIO

from onehandler.codecs import json
from onehandler.errors import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

CONTENT_TYPE = "application/jsonlines"  # as SageMaker calls it; nobody has registered a name
ALIASES = ("application/jsonl", "application/x-jsonlines", "application/x-ndjson")


def loads(body: bytes, read: Callable[[bytes], Any] = json.loads) -> Iterator[Any]:
    """The value that `read` finds in every line that isn't blank, one by one; errors say which line."""
    for number, line in enumerate(BytesIO(body), start=1):
        if line.strip():
            yield _value(line, number, read)


def dumps(values: Iterable[Any], *, tokens: bool = False) -> bytes:
    """One line a value, each ended by a line feed."""
    return b"".join(json.dumps(value, tokens=tokens) + b"\n" for value in values)


def _value(line: bytes, number: int, read: Callable[[bytes], Any]) -> Any:
    try:
        return read(line)
    except RequestError as error:
        place = "" if error.where == "body" else f", {error.where.removeprefix('line 1 ')}"
        raise type(error)(error.message, where=f"line {number}{place}") from None
