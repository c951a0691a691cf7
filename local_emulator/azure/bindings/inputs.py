"""Fetches what a function is given besides its trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.azure.bindings.expressions import expand
from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.azure.bindings.outputs import StorageOf
    from local_emulator.azure.deployment.functions import Function


def fetch(function: Function, data: Mapping[str, Any], storage: StorageOf) -> dict[str, Value | None]:
    """Read every blob input. One that does not exist is None. Raises UnresolvedExpression."""
    fetched: dict[str, Value | None] = {}
    for binding in function.inputs:
        target = expand(storage.expand(binding.text("path"), function.where(binding)), data)
        container, _, name = target.partition("/")
        content = storage.blobs(function, binding).read(container, name)
        fetched[binding.name] = None if content is None else blob_value(content, binary=binding.binary)
    return fetched


def blob_value(content: bytes, *, binary: bool) -> Value:
    """Give a blob's content as the host does: as text, unless the binding's dataType is binary."""
    return Value("bytes", content) if binary else Value("string", content.decode("utf-8", "replace"))
