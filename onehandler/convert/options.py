"""Options as people write them on a command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from onehandler.convert import Options
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError, InvalidInput
from onehandler.signature import ANY, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INPUT = re.compile(r"([^:\s]+):(\w+)\[\s*((?:any|\d+)(?:\s*,\s*(?:any|\d+))*)\s*\]")
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def parsed(
    inputs: Sequence[str] = (),
    labels: Path | None = None,
    model_class: str = "",
    arguments: Sequence[str] = (),
) -> Options:
    """The options of a build; ConversionError names one that makes no sense."""
    if model_class and not _CLASS.fullmatch(model_class):
        raise ConversionError(f"needs package.module:Class, {model_class!r:.100} came", where="--class")
    return Options(
        [_input(text) for text in inputs],
        _labels(labels) if labels else (),
        model_class,
        dict(_argument(text) for text in arguments),
    )


def _input(text: str) -> TensorSpec:
    found = _INPUT.fullmatch(text)
    if found is None:
        raise ConversionError(
            f"needs name:type[sizes], as in pixels:float32[any,1,8,8]; {text!r:.100} came", where="--input"
        )
    name, kind, sizes = found.groups()
    shape = tuple(ANY if size == "any" else int(size) for size in re.split(r"\s*,\s*", sizes))
    if shape[0] != ANY:
        raise ConversionError(
            f"'{name}' must begin with any: its first dimension counts rows", where="--input"
        )
    try:
        return TensorSpec(name, dtype_named(kind), shape)
    except InvalidInput as error:
        raise ConversionError(error.message, where="--input") from None


def _labels(path: Path) -> list[str]:
    try:
        labels = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConversionError(f"cannot be read as text: {error}"[:200], where=str(path)) from None
    while labels and not labels[-1].strip():
        labels.pop()
    if not labels or not all(label.strip() for label in labels) or len(set(labels)) != len(labels):
        raise ConversionError("needs a name a line, each another", where=str(path))
    return labels


def _argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ConversionError(f"needs name=value, {text!r:.100} came", where="--class-argument")
    try:
        return name, json.loads(value)
    except ValueError:
        raise ConversionError(
            f"'{name}' needs a value as JSON (a text in quotes: {name}=\"text\"); {value!r:.60} came",
            where="--class-argument",
        ) from None
