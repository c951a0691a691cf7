"""Content types of requests that are not JSON, as far as a signature allows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.protocols.content import BINARY, CSV, IMAGES, TEXT
from onehandler.protocols.one_row import takes
from onehandler.signature import IMAGE

if TYPE_CHECKING:
    from onehandler.signature import Signature


def media_of(signature: Signature) -> tuple[str, ...]:
    """One tensor's bytes, a table, an image or a text."""
    specs = signature.inputs
    binary = BINARY if len(specs) == 1 and specs[0].dtype.bits else ()
    if not signature.batched:
        return binary
    flat = all(len(spec.shape) == 1 or spec.shape[1:] == (1,) for spec in specs)
    table = (CSV,) if flat or (len(specs) == 1 and len(specs[0].shape) == 2) else ()
    return (*binary, *table, *one_row_of(signature))


def one_row_of(signature: Signature) -> tuple[str, ...]:
    """An image or a text."""
    if takes(signature, IMAGE):
        return IMAGES
    return (TEXT,) if takes(signature, "") else ()
