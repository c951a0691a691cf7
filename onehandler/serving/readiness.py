"""Whether a model may get requests: it answers the samples that it was bundled with."""

from __future__ import annotations

from math import isclose, isfinite
from typing import TYPE_CHECKING, Any

from onehandler.errors import OnehandlerError
from onehandler.results import named_rows, spelled
from onehandler.rows import tensors_from_rows

if TYPE_CHECKING:
    from onehandler.handler import Handler

_TOLERANCE = 1e-3  # other processors round otherwise, and quantized models more so


def why_unready(handler: Handler) -> str:
    """Why the handler's model is not to be asked, "" if it is: it refuses or fails on a sample of its own.

    One that answers otherwise than it did when it was bundled is ready, and a warning is logged: quantized models
    and ties between classes differ from one processor to another.
    """
    samples = handler.bundle.manifest.get("samples", {})
    rows = samples.get("rows", [])
    if not rows:
        return ""
    try:
        outputs = handler.predict(tensors_from_rows(handler.signature, rows))
        found = spelled(named_rows(handler.signature, outputs))
    except OnehandlerError as error:
        return f"model '{handler.bundle.name}' does not answer its own samples: {error}"
    except Exception as error:  # noqa: BLE001 - the bundle's own code may raise anything
        handler.telemetry.log("ERROR", "the bundle's own code fails on its samples", {}, error)
        return f"model '{handler.bundle.name}' fails on its own samples; see the log"
    expected = samples.get("predictions", found)
    if not _alike(expected, found):
        told = "the model answers its own samples otherwise than when it was bundled"
        handler.telemetry.log("WARNING", told, {"expected": expected, "found": found})
    return ""


def _alike(one: Any, other: Any) -> bool:
    """Whether two results agree, but for the last digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)) and isfinite(one):
        return isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return bool(one == other)
