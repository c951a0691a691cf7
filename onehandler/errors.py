"""Everything onehandler refuses, as a tree of errors that know what kind of fault they are.

    OnehandlerError
    ├── RequestError            the caller's fault
    │   ├── MalformedBody       the bytes are not what their content type says
    │   ├── InvalidInput        well-formed, but not what the signature takes
    │   ├── NotFound            no such path, model or version
    │   ├── MethodNotAllowed
    │   ├── NotAcceptable       an answer in a form nobody here writes
    │   ├── UnsupportedType     a content type nobody here reads
    │   ├── TooLarge
    │   └── Conflict            what is asked for is there already
    ├── ModelError              the model could not answer a well-formed input
    ├── BundleError             a bundle that must not be served
    │   └── UntrustedBundle     it would execute code, or is not what was pinned
    ├── ConversionError         a model that cannot become a bundle
    ├── SettingsError           an environment variable that makes no sense
    ├── OutOfMemory             a model that doesn't fit below the ceiling
    └── Unavailable             a fault that passes: try again
        └── TimedOut            it was not answered in the time that the deployment gives it

Nothing here knows HTTP: carriers and protocols map `Kind` to their own status codes.
"""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """What went wrong, in words that every carrier can translate."""

    MALFORMED = "malformed"
    INVALID = "invalid"
    NOT_FOUND = "not found"
    METHOD_NOT_ALLOWED = "method not allowed"
    NOT_ACCEPTABLE = "not acceptable"
    UNSUPPORTED_TYPE = "unsupported type"
    TOO_LARGE = "too large"
    MODEL = "model"
    BUNDLE = "bundle"
    SETTINGS = "settings"
    CONFLICT = "conflict"
    OUT_OF_MEMORY = "out of memory"
    UNAVAILABLE = "unavailable"
    TIMED_OUT = "timed out"
    INTERNAL = "internal"


class OnehandlerError(Exception):
    """Base of all errors raised on purpose.

    `message` is one or two plain sentences: what came, what is accepted, what to do. `where` points into
    the input ("rows[3].mean radius", "input 'X'", a file name) and is empty when there is no finer place.
    """

    kind = Kind.INTERNAL

    def __init__(self, message: str, *, where: str = "") -> None:
        self.message = message
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)

    @property
    def details(self) -> Mapping[str, str]:
        """Extra facts a protocol may put beside the message (header values, for example)."""
        return {}


class RequestError(OnehandlerError):
    """The caller's fault; sending the same again gives the same answer."""

    kind = Kind.INVALID


class MalformedBody(RequestError):
    """The bytes are not what their content type says."""

    kind = Kind.MALFORMED


class InvalidInput(RequestError):
    """Well-formed, but not what the model's signature takes."""


class NotFound(RequestError):
    """No such path, model or version here."""

    kind = Kind.NOT_FOUND


class MethodNotAllowed(RequestError):
    """The path exists, but not for this method."""

    kind = Kind.METHOD_NOT_ALLOWED

    def __init__(self, message: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed

    @property
    def details(self) -> Mapping[str, str]:
        """The Allow header, under the name HTTP gives it."""
        return {"allow": ", ".join(self.allowed)}


class NotAcceptable(RequestError):
    """The caller takes no form of answer that we write."""

    kind = Kind.NOT_ACCEPTABLE


class UnsupportedType(RequestError):
    """A content type or encoding nobody here reads."""

    kind = Kind.UNSUPPORTED_TYPE


class TooLarge(RequestError):
    """More bytes, rows or nesting than the limit that the message names."""

    kind = Kind.TOO_LARGE


class Conflict(RequestError):
    """What is asked for is there already, or is being made."""

    kind = Kind.CONFLICT


class ModelError(OnehandlerError):
    """The model could not answer an input that fits its signature."""

    kind = Kind.MODEL


class BundleError(OnehandlerError):
    """A bundle that must not be served: incomplete, altered or malformed."""

    kind = Kind.BUNDLE


class UntrustedBundle(BundleError):
    """Serving it would execute code that nobody allowed, or it is not the bundle that was pinned."""


class ConversionError(OnehandlerError):
    """A trained model that cannot become a bundle."""

    kind = Kind.BUNDLE


class SettingsError(OnehandlerError):
    """An environment variable whose value makes no sense."""

    kind = Kind.SETTINGS


class OutOfMemory(OnehandlerError):
    """A model needs more memory than the ceiling leaves it."""

    kind = Kind.OUT_OF_MEMORY


class Unavailable(OnehandlerError):
    """A fault that passes: the same call may succeed later."""

    kind = Kind.UNAVAILABLE


class TimedOut(Unavailable):
    """It was not answered in the time that the deployment gives a request."""

    kind = Kind.TIMED_OUT


def shown(value: object, limit: int = 60) -> str:
    """Name a value in a message by its JSON type, never by its content: inputs may be private."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    other = "a number" if isinstance(value, (int, float)) else getattr(value, "shown", type(value).__name__)
    name = names.get(type(value), other)
    if isinstance(value, (list, dict)):
        name += f" of {len(value)}"
    return name[:limit]
