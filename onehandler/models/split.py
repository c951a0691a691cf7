"""A/B tests: which of several versions answers a request that names none."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onehandler.message import Request

_POINTS = 2**32  # of the circle that the shares divide


@dataclass(frozen=True, slots=True)
class Split:
    """Shares by version. `salt` keeps splits of different models apart; `sticky` is a header's name or ""."""

    salt: str
    shares: Mapping[str, int]
    sticky: str = ""

    def version(self, request: Request, draw: Callable[[], float]) -> str:
        """The version for this request: by its sticky key, if it has one, else drawn (`draw` gives 0 up to 1).

        The same key gets the same version in every process, for as long as the shares stay as they are.
        """
        key = request.headers.get(self.sticky, "") if self.sticky else ""
        place = _place(self.salt, key) if key else draw()
        mark = place * sum(self.shares.values())
        for version, share in self.shares.items():
            mark -= share
            if mark < 0:
                return version
        raise AssertionError("the mark lies within the shares")


def _place(salt: str, key: str) -> float:
    """Where on the circle a key lies, 0 up to 1: evenly spread, and no secret."""
    mixed = zlib.crc32(f"{salt}\0{key}".encode(errors="surrogatepass"))
    # Keys that differ in their last character only have neighbouring checksums; a multiplication spreads them.
    return (mixed * 0x9E3779B1 % _POINTS) / _POINTS
