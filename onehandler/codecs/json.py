"""JSON as RFC 8259 has it, and stricter: what two parsers could understand differently is refused.

Refused: anything but UTF-8, a byte order mark, NaN and Infinity (JSON has no such numbers), numbers beyond a
double, unpaired surrogates, a name twice in one object, nesting below 64 levels.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder, JSONEncoder
from json.encoder import c_make_encoder, encode_basestring_ascii  # type: ignore[attr-defined] # not in the stubs

from onehandler.errors import MalformedBody, TooLarge
from onehandler.results import spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

CONTENT_TYPE = "application/json"
MAX_DEPTH = 64
LARGE = 256 * 1024  # bytes: reading them saves 6 of the 10 ms that the import takes, every time but the first
MANY = 64 * 1024  # bytes of numbers: writing 16,000 of them saves 8 ms
_SQUARE = bytes.maketrans(b"{}", b"[]")
_KEPT = b'[]{}"'
_DROPPED = bytes(set(range(256)) - set(_KEPT))
_NUMBER_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
_MANY_DIGITS = b"0" * 300
_STRING_OR_FLOAT = r'"[^"\\]*(?:\\.[^"\\]*)*"|(-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))'


def loads(body: bytes, *, tokens: bool = False) -> Any:
    """Parse one JSON document; MalformedBody or TooLarge says where it goes wrong.

    With `tokens`, NaN, Infinity and -Infinity are numbers, as JavaScript has them and JSON has not.
    """
    _check_depth(body)
    if len(body) >= _Threshold.large:
        from onehandler.codecs import large_json  # 10 ms, which a small document would not earn back

        value = large_json.loads(body)
        if value is not large_json.UNSURE:
            return value
    text = _text(body)  # not before: it takes as much memory as the body
    try:
        value = _decoded(text, _TOKEN_DECODER if tokens else _DECODER)
    except JSONDecodeError as error:
        raise MalformedBody(f"is not JSON: {_reason(error)}", where=_place(text, error.pos)) from None
    except _Repeated:
        raise MalformedBody("an object has the same name twice", where=_repeated_place(text)) from None
    except ValueError:  # int() refuses to read more than sys.get_int_max_str_digits()
        raise MalformedBody("holds a whole number of several thousand digits", where="body") from None
    if "\\u" in text:
        _check_surrogates(value)
    if ("e" in text or "E" in text or len(text) > len(_MANY_DIGITS)) and _may_overflow(body):
        _check_floats(text)
    return value


def read_all_fast() -> None:
    """Have small documents read as large ones are from now on: for processes that live long enough to import it."""
    from onehandler.codecs import large_json  # noqa: F401 - 10 ms, now rather than at a request

    _Threshold.large = 0


def dumps(value: Any, *, tokens: bool = False, held: int = 0) -> bytes:
    """Write compact JSON.

    NaN and infinities become the strings "NaN", "Infinity" and "-Infinity"; with `tokens` the bare words.
    `held` is how many bytes of numbers it was made from, where there may be many.
    """
    if held >= MANY:
        from onehandler.codecs import large_json  # see loads

        text = large_json.dumps(value)
        if text is not None:
            return text
    if tokens:
        return _TOKEN_ENCODER.encode(value).encode()
    try:
        return "".join(_chunks(value, 0)).encode()
    except ValueError:
        return _ENCODER.encode(spelled(value)).encode()


class _Threshold:
    """From how many bytes on a document is read by orjson."""

    large = LARGE


class _Repeated(Exception):
    """An object has the same name twice."""


def _decoded(text: str, decoder: JSONDecoder) -> Any:
    """What `decode` gives, without its search for white space around the document where there is none."""
    if text.startswith("{"):
        try:
            value, end = decoder.scan_once(text, 0)  # type: ignore[attr-defined] # not in the stubs
        except StopIteration:  # a value is missing; decode() says where
            end = -1
        if end == len(text):
            return value
    return decoder.decode(text)


def _text(body: bytes) -> str:
    if not body:
        raise MalformedBody("is empty; send a JSON object", where="body")
    if body.startswith(b"\xef\xbb\xbf"):
        raise MalformedBody("begins with a byte order mark; send plain UTF-8", where="body")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("is not UTF-8", where=f"byte {error.start}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Repeated
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise MalformedBody(
        'NaN and Infinity are not JSON; send null, or the strings "NaN" and "Infinity"', where="body"
    )


def _reason(error: JSONDecodeError) -> str:
    """The parser's words up to where they could quote the input."""
    return error.msg.partition(":")[0]


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"line {line} column {position - text.rfind(chr(10), 0, position)}"


def _check_depth(body: bytes) -> None:
    """Refuse deep nesting before a recursive parser meets it, at C speed.

    Brackets are all that is kept, and each round removes the innermost level.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    if b"\\" in body:
        body = re.sub(rb"(?s)\\.", b"", body)
    brackets = body.translate(_SQUARE, _DROPPED).replace(b'""', b"")
    if b'"' in brackets:
        brackets = re.sub(rb'"[^"]*"', b"", brackets)
    for _ in range(MAX_DEPTH):
        inner = brackets.replace(b"[]", b"")
        if len(inner) == len(brackets):
            break
        brackets = inner
    if brackets.startswith(b"]"):  # one too many: the parser stops there
        return
    if b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH:
        raise TooLarge(f"is nested deeper than {MAX_DEPTH} levels", where="body")


def _may_overflow(body: bytes) -> bool:
    """Only a number with an exponent of three digits or of very many digits can overflow a double."""
    shape = body.translate(_NUMBER_SHAPE, b"+")
    return b"e000" in shape or _MANY_DIGITS in shape


def _check_floats(text: str) -> None:
    """Refuse numbers that overflow a double, which the parser would read as infinity."""
    for match in re.finditer(_STRING_OR_FLOAT, text):
        number = match[1]
        if number and abs(float(number)) == float("inf"):
            raise MalformedBody("a number is larger than 1.8e308", where=_place(text, match.start()))


def _check_surrogates(value: Any) -> None:
    try:
        _ENCODER_TEXT.encode(value).encode()
    except UnicodeEncodeError:
        raise MalformedBody("a string holds half of a surrogate pair", where="body") from None


class _Repeat:
    """Stands in a parsed document where an object repeats a name."""


def _repeated_place(text: str) -> str:
    """Where an object repeats a name, as a JSONPath; members are `*`, for names are the client's."""
    marker = _Repeat()
    decoder = JSONDecoder(
        object_pairs_hook=lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else marker
    )
    try:
        level = [("$", decoder.decode(text))]
    except ValueError:  # and further on it is no JSON at all
        return "body"
    while level:
        path, value = level.pop()
        if value is marker:
            return path
        if isinstance(value, list):
            level += [(f"{path}[{index}]", each) for index, each in enumerate(value)]
        elif isinstance(value, dict):
            level += [(f"{path}.*", each) for each in value.values()]
    return "body"


_DECODER = JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
_TOKEN_DECODER = JSONDecoder(object_pairs_hook=_object)
_ENCODER = JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
# JSONEncoder.encode makes this anew for every value it encodes.
_chunks = c_make_encoder(
    None, _ENCODER.default, encode_basestring_ascii, None, ":", ",", False, False, False
)  # fmt: skip
_TOKEN_ENCODER = JSONEncoder(separators=(",", ":"), check_circular=False)
_ENCODER_TEXT = JSONEncoder(ensure_ascii=False, check_circular=False)
