"""A small page that tries models out: a form made from the signature, posted to /predict."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onehandler.openapi.samples import sample_inputs, sample_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.bundle import Bundle
    from onehandler.signature import TensorSpec

_TEMPLATE = Path(__file__).with_name("playground.html")
_MOST_FIELDS = 200  # beyond that a form helps nobody; the JSON editor remains


def page(bundle: Bundle, others: Sequence[Bundle] = ()) -> str:
    """The page for one bundle, or for several to choose from, complete in itself: no other file, no other host."""
    models = [
        _model(each, f"predict/{each.name}/{each.version}" if others else "predict")
        for each in (bundle, *others)
    ]
    # "</script>" within a name must not end the script that holds it.
    data = json.dumps(models).replace("<", "\\u003c")
    parts = {"name": escape(bundle.name), "version": escape(bundle.version), "data": data}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _TEMPLATE.read_text(encoding="utf-8"))


def _model(bundle: Bundle, path: str) -> dict[str, Any]:
    return {
        "title": f"{bundle.name}, version {bundle.version}",
        "path": path,
        "fields": _fields(bundle),
        "example": _example(bundle),
    }


def _example(bundle: Bundle) -> dict[str, Any]:
    if bundle.signature.batched:
        return {"rows": sample_rows(bundle)[:1]}
    return {"inputs": sample_inputs(bundle)}


def _fields(bundle: Bundle) -> list[dict[str, Any]]:
    """One form field a value of a row; none when a row isn't a flat list of values."""
    signature = bundle.signature
    if not signature.batched:
        return []
    if len(signature.inputs) == 1 and signature.inputs[0].columns:
        spec = signature.inputs[0]
        fields = [_field(spec, column) for column in spec.columns]
    elif len(signature.inputs) > 1 and all(spec.shape[1:] in ((), (1,)) for spec in signature.inputs):
        fields = [_field(spec, spec.name) for spec in signature.inputs]
    else:
        fields = []
    return fields if len(fields) <= _MOST_FIELDS else []


def _field(spec: TensorSpec, name: str) -> dict[str, Any]:
    return {"name": name, "family": spec.dtype.family, "nullable": spec.nullable}
