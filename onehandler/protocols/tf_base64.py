"""TensorFlow Serving's form of strings that may be any bytes: {"b64": text}. Ours are UTF-8, or images in base64."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from onehandler.errors import InvalidInput
from onehandler.large_array import LargeArray, mapped
from onehandler.protocols.one_row import image_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def as_objects(value: Any) -> Any:
    """Nested strings, each as such an object."""
    if isinstance(value, list):
        return [as_objects(each) for each in value]
    return {"b64": b2a_base64(value.encode(), newline=False).decode()}


def without_base64(value: Any, where: str, *, images: bool = False) -> Any:
    """The same content with every such object as the string that it stands for.

    Where the model takes `images`, an image's file stays in base64.
    """
    if isinstance(value, (list, LargeArray)):
        return mapped(value, lambda _, each: without_base64(each, where, images=images))
    if not isinstance(value, dict):
        return value
    if value.keys() != {"b64"}:
        return {name: without_base64(each, where, images=images) for name, each in value.items()}
    try:
        found = a2b_base64(value["b64"], strict_mode=True)
        return value["b64"] if images and image_type(found) else found.decode()
    except (Base64Error, ValueError, TypeError):
        taken = "an image or UTF-8 text" if images else "UTF-8 text"
        raise InvalidInput(f"a b64 object must hold base64 of {taken}", where=where) from None
