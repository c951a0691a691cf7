"""multipart/form-data (RFC 7578), read whole: every part's name, type and bytes, the last boundary required."""

from __future__ import annotations

from onehandler.errors import MalformedBody, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

CONTENT_TYPE = "multipart/form-data"
_MOST_PARTS = 64
_LONGEST_BOUNDARY = 70  # characters, by RFC 2046
_LONGEST_HEAD = 4096  # bytes


class Part:
    """One field of a form. `content_type` is its whole header, "" without one."""

    __slots__ = ("content", "content_type", "name")

    def __init__(self, name: str, content_type: str, content: bytes) -> None:
        self.name: Final = name
        self.content_type: Final = content_type
        self.content: Final = content


def loads(body: bytes, boundary: str) -> list[Part]:
    """Every part in order. MalformedBody where the form is cut off or is none; TooLarge for very many parts."""
    if not boundary.isascii() or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise MalformedBody("needs a boundary of 1 to 70 ASCII characters", where="content-type")
    mark = b"\r\n--" + boundary.encode()
    pieces = (b"\r\n" + body).split(mark, _MOST_PARTS + 2)
    if len(pieces) > _MOST_PARTS + 2:
        raise TooLarge(f"has more than {_MOST_PARTS} parts", where="body")
    # Before the first boundary there is nothing, after the last "--".
    if len(pieces) < 3 or pieces[0] or not pieces[-1].startswith(b"--"):
        raise MalformedBody(
            "is cut off, or is no multipart form of the boundary that its type names", where="body"
        )
    if pieces[-1].rstrip(b" \t\r\n") != b"--":
        raise MalformedBody("goes on after its last boundary", where="body")
    return [_part(piece, f"part {number}") for number, piece in enumerate(pieces[1:-1], start=1)]


def _part(piece: bytes, where: str) -> Part:
    head, end, content = piece.partition(b"\r\n\r\n")
    if not end or not head.startswith(b"\r\n") or len(head) > _LONGEST_HEAD:
        raise MalformedBody("has no headers, or no end of them", where=where)
    headers = {}
    for line in head[2:].split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or name.lower() in headers:
            raise MalformedBody("has a header twice, or a line that is none", where=where)
        headers[name.lower()] = value.strip()
    return Part(
        _name(headers.get("content-disposition", ""), where), headers.get("content-type", ""), content
    )


def _name(disposition: str, where: str) -> str:
    """The field's name. Whatever follows it, a file's name among it, is the client's own affair."""
    kind, _, rest = disposition.partition(";")
    _, found, named = rest.partition('name="')
    name, end, _ = named.partition('"')
    if kind.strip().lower() != "form-data" or not found or not end:
        raise MalformedBody('needs Content-Disposition: form-data; name="…"', where=where)
    return name
