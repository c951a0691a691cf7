"""Declared preprocessing: what clients send (a text, an image) instead of the tensors that the model takes.

    [{"kind": "image", "input": "image", "gives": "pixels", "mode": "L", "size": [8, 8], "scale": 0.00392156862745098}]

The file's steps go into the manifest as they are (docs/bundle.md); files that they name lie beside it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError
from onehandler.signature import ANY, IMAGE, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onehandler.convert import Candidate

_MEDIA = {"image": IMAGE, "text": ""}
_WHERE = "--preprocessing"


@dataclass(frozen=True, slots=True)
class Steps:
    """The manifest's steps, and the files that they need."""

    steps: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    def declared(self, candidate: Candidate) -> Candidate:
        """The candidate as clients see it; ConversionError when a step gives what the model doesn't take."""
        if not self.steps:
            return candidate
        if candidate.preprocessing:
            raise ConversionError("comes with the model already", where=_WHERE)
        inputs = list(candidate.signature.inputs)
        for step in self.steps:
            inputs = _replaced(inputs, step)
        return replace(
            candidate,
            signature=Signature(inputs, candidate.signature.outputs),
            preprocessing=self.steps,
            files={**candidate.files, **self.files},
        )

    def rows(self) -> list[dict[str, str]]:
        """One row as clients send it: a picture in shades of grey, the word "text"."""
        return [{str(step["input"]): _example(step) for step in self.steps}]


def read_steps(path: Path) -> Steps:
    """Read the file; ConversionError says what is wrong with it."""
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConversionError(f"is not JSON: {error}"[:200], where=str(path)) from None
    if not isinstance(steps, list) or not steps:
        raise ConversionError("needs a list of steps", where=str(path))
    for place, step in enumerate(steps):
        if (
            not isinstance(step, dict)
            or step.get("kind") not in _MEDIA
            or not isinstance(step.get("input"), str)
            or not _given(step)
        ):
            raise ConversionError(
                f"needs a kind ({', '.join(_MEDIA)}), the client's input and what it gives to the model",
                where=f"{path}[{place}]",
            )
    named = [step["tokenizer"] for step in steps if isinstance(step.get("tokenizer"), str)]
    missing = [name for name in named if not (path.parent / name).is_file()]
    if missing:
        raise ConversionError(f"names '{missing[0]}', which is not beside it", where=str(path))
    return Steps(steps, {name: (path.parent / name).read_bytes() for name in named})


def _given(step: Mapping[str, Any]) -> list[str]:
    gives = step.get("gives")
    return [gives] if isinstance(gives, str) else list(gives) if isinstance(gives, dict) else []


def _replaced(inputs: Sequence[TensorSpec], step: Mapping[str, Any]) -> list[TensorSpec]:
    """What clients send in the place of the first input that the step gives."""
    given = _given(step)
    known = [spec.name for spec in inputs]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConversionError(
            f"gives '{unknown[0]}'; the model takes {', '.join(map(repr, known))}", where=_WHERE
        )
    sent = TensorSpec(step["input"], dtype_named("string"), (ANY,), media=_MEDIA[step["kind"]])
    kept = [sent if spec.name == given[0] else spec for spec in inputs if spec.name not in given[1:]]
    if len({spec.name for spec in kept}) != len(kept):
        raise ConversionError(f"has an input '{sent.name}' that the model has, too", where=_WHERE)
    return kept


def _example(step: Mapping[str, Any]) -> str:
    if step["kind"] == "text":
        return "text"
    from PIL import Image  # pictures only

    written = BytesIO()
    Image.radial_gradient("L").resize((64, 64)).save(written, "PNG")
    return b64encode(written.getvalue()).decode()
