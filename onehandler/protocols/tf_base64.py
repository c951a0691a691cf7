"""TensorFlow Serving's form of strings that may be any bytes: {"b64": text}. Ours are UTF-8."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from onehandler.errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def in_base64(value: Any) -> Any:
    """Nested strings, each as such an object."""
    if isinstance(value, list):
        return [in_base64(each) for each in value]
    return {"b64": b2a_base64(value.encode(), newline=False).decode()}


def without_base64(value: Any, where: str) -> Any:
    """The same content with every such object as the string that it stands for."""
    if isinstance(value, list):
        return [without_base64(each, where) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"b64"}:
        return {name: without_base64(each, where) for name, each in value.items()}
    try:
        return a2b_base64(value["b64"], strict_mode=True).decode()
    except (Base64Error, ValueError, TypeError):
        raise InvalidInput("a b64 object must hold base64 of UTF-8 text", where=where) from None
