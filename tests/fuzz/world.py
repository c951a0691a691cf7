"""What several targets share: handlers of small bundles, and what an answer may look like."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.errors import OnehandlerError
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles
from tests.small_parts import small_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from onehandler.message import Response
    from tests.conformance.case import Case

SMALL = 4096  # bytes of a seed: mutations of large ones find little
_IN_PARTS = 128  # from this first byte on, as large bodies are
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
_SETTINGS = {"ONEHANDLER_MAX_BODY_MB": "1", "ONEHANDLER_LOG_LEVEL": "ERROR"}


@cache
def handler(name: str) -> Handler:
    """A handler of one of tests.bundles, kept for the whole run."""
    folder = tempfile.TemporaryDirectory(prefix="onehandler-fuzz-")
    _FOLDERS.append(folder)  # a tokenizer is read with the first text
    return Handler.load(bundles.build(name, Path(folder.name)), Settings(_SETTINGS))


def refused(call: Callable[[], object]) -> bool:
    """Whether it was refused on purpose; whatever else it raises is a fault."""
    with suppress(OnehandlerError):
        call()
        return False
    return True


def answered(served: Handler, request: Request) -> Response:
    """Its answer, which must be one that any client may get."""
    response = served.answer(request)
    assert response.status < 500, (response.status, response.body[:500])
    if response.status >= 400:
        assert len(response.body) <= 8192, len(response.body)
    return response


class Posts:
    """Bodies for a few paths and content types: the first byte of the data chooses both, and how they are read."""

    def __init__(self, bundle: str, paths: Sequence[str], headers: Sequence[dict[str, str]]) -> None:
        self._bundle = bundle
        self._chosen = [(path, each) for path in paths for each in headers]

    def fuzz(self, data: bytes) -> None:
        """Post the rest of the data."""
        if data:
            path, headers = self._chosen[data[0] % _IN_PARTS % len(self._chosen)]
            request = Request("POST", path, headers, data[1:])
            with small_parts() if data[0] >= _IN_PARTS else nullcontext():
                answered(handler(self._bundle), request)

    def seeds(self, cases: Sequence[Case]) -> Iterator[bytes]:
        """The bodies of all small cases that go to one of the paths."""
        for case in cases:
            for index, (path, headers) in enumerate(self._chosen):
                same_type = case.headers.get("content-type", "") == headers.get("content-type", "")
                if case.path == path and same_type and len(case.body) <= SMALL:
                    yield bytes([index]) + case.body
                    yield bytes([index + _IN_PARTS]) + case.body
