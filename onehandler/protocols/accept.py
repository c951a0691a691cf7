"""Which of the media types that a route writes an Accept header likes best (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.errors import NotAcceptable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_NONE, _ANY, _TYPE, _EXACT = range(4)  # how closely a range names a media type


def chosen(accept: str, written: Sequence[str]) -> str:
    """The best liked, the first of equals; without a header the first. NotAcceptable names those there are."""
    ranges = [_range(entry) for entry in accept.lower().split(",") if entry.strip()]
    if not ranges:
        return written[0]
    quality, _, best = max((_quality(ranges, media), -place, media) for place, media in enumerate(written))
    if not quality:
        raise NotAcceptable(
            f"answers here are {' or '.join(written)}; name one in the Accept header", where="accept"
        )
    return best


def _range(entry: str) -> tuple[str, float]:
    media, *parameters = entry.split(";")
    return media.strip(), next((found for each in parameters if (found := _weight(each)) is not None), 1.0)


def _weight(parameter: str) -> float | None:
    """The value of q; None of any other parameter, and of what is no weight: clients then mean what they name."""
    name, _, value = parameter.partition("=")
    digits = value.strip()
    whole, _, decimals = digits.partition(".")
    if (
        name.strip() != "q"
        or whole not in ("0", "1")
        or not (decimals or "0").isdecimal()
        or len(digits) > 20
    ):
        return None
    return min(1.0, float(digits))


def _quality(ranges: Sequence[tuple[str, float]], media: str) -> float:
    """The weight of the range that names this media type most closely; 0 where none does."""
    closeness, weight = max((_closeness(named, media), weight) for named, weight in ranges)
    return weight if closeness else 0.0


def _closeness(named: str, media: str) -> int:
    # Whoever takes application/vnd.x+json or text/json reads JSON.
    if named == media or (media == json.CONTENT_TYPE and named.endswith("json")):
        return _EXACT
    if named == "*/*":
        return _ANY
    return _TYPE if named.endswith("/*") and media.startswith(named[:-1]) else _NONE
