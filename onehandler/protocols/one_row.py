"""One row that is the whole body: an image or a text, for a model that takes nothing else (content.IMAGES, TEXT)."""

from __future__ import annotations

from onehandler.errors import InvalidInput, MalformedBody, UnsupportedType
from onehandler.protocols.content import TEXT, charset
from onehandler.signature import IMAGE
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensors

# How a file of each begins; RIFF is a container whose kind follows its length.
_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
_ALIASES = {"image/jpg": "image/jpeg", "application/x-image": ""}


def tensors_of_media(signature: Signature, content_type: str, body: bytes) -> Tensors:
    """The only input of a model from a body of type TEXT or one of IMAGES; `content_type` is the whole header."""
    media = content_type.partition(";")[0].strip().lower()
    if media == TEXT:
        return {(spec := _input(signature, "")).name: _row(spec, _text(content_type, body))}
    spec = _input(signature, IMAGE)
    wanted = _ALIASES.get(media, media)
    found = image_type(body)
    if not found or (wanted and wanted != found):
        raise MalformedBody(
            f"is not {wanted or 'a PNG, JPEG or WebP file'}; send the file as it is", where="body"
        )
    return {spec.name: _row(spec, in_base64(body))}


def image_type(body: bytes) -> str:
    """The media type of an image by its first bytes, "" of anything else."""
    for media, magic in _MAGIC.items():
        if body.startswith(magic) and (magic != b"RIFF" or body[8:12] == b"WEBP"):
            return media
    return ""


def takes(signature: Signature, media: str) -> bool:
    """Whether the model takes one image a row (IMAGE), or one text ("")."""
    specs = signature.inputs
    return signature.batched and len(specs) == 1 and _is_one(specs[0]) and specs[0].media == media


def in_base64(body: bytes) -> str:
    """A file's bytes as a row of an image input holds them."""
    from binascii import b2a_base64  # images alone need it

    return b2a_base64(body, newline=False).decode("ascii")


def _input(signature: Signature, media: str) -> TensorSpec:
    if not takes(signature, media):
        what = "one image a row" if media else "one text a row"
        raise UnsupportedType(f"this model does not take {what}; send JSON", where="content-type")
    return signature.inputs[0]


def _is_one(spec: TensorSpec) -> bool:
    return not spec.dtype.bits and (len(spec.shape) == 1 or (len(spec.shape) == 2 and spec.shape[1] == 1))


def _row(spec: TensorSpec, text: str) -> Tensor:
    return Tensor(spec.dtype, (1,) * len(spec.shape), [text])


def _text(content_type: str, body: bytes) -> str:
    if charset(content_type) not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedType("text is always UTF-8; leave the charset away", where="content-type")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("is not UTF-8", where=f"byte {error.start}") from None
    if not text:
        raise InvalidInput("is empty; send a text", where="body")
    return text
