"""Which models may be micro-batched: those that answer each row by itself. Others are refused by name at start."""

from __future__ import annotations

from math import isclose, isnan, prod
from typing import TYPE_CHECKING, Any

from onehandler.errors import OnehandlerError, SettingsError
from onehandler.rows import tensors_from_rows
from onehandler.serving.joining import joined, kind_of, split
from onehandler.signature import ANY
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.runtimes import Runtime
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Tensors

_WHERE = "ONEHANDLER_MAX_BATCH"
_TOLERANCE = 1e-4  # matrix products round differently for different numbers of rows


def check_batchable(bundle: Bundle, runtime: Runtime) -> None:
    """Raise SettingsError unless rows of different requests may share a run.

    What the signature declares is checked first, then what the model does: two rows together must give what each
    gives alone.
    """
    for spec in (*bundle.signature.inputs, *bundle.signature.outputs):
        _check_declared(bundle, spec)
    probes = [probe for probe in _probes(bundle) if _answers(runtime, probe)]
    if not probes:
        raise _refused(bundle, "answers none of its own samples, so that nothing shows that rows don't mix")
    pair = [probes[0], next(each for each in reversed(probes) if kind_of(each) == kind_of(probes[0]))]
    alone = [runtime.run(probe) for probe in pair]
    try:
        together = split(runtime.run(joined(pair)), [1, 1])
    except OnehandlerError as error:
        raise _refused(bundle, f"does not answer two rows as it answers one: {error.message}") from None
    for expected, found in zip(alone, together, strict=True):
        for name, tensor in expected.items():
            if not _alike(tensor, found[name]):
                raise _refused(bundle, f"gives another '{name}' for a row when it comes with a second one")


def _check_declared(bundle: Bundle, spec: TensorSpec) -> None:
    if spec.shape[:1] != (ANY,):
        raise _refused(bundle, f"has no row dimension in '{spec.name}', which takes {spec.shape_text}")
    if spec.dtype.bits % 8:
        raise _refused(bundle, f"has elements smaller than a byte in '{spec.name}' ({spec.dtype.name})")


def _refused(bundle: Bundle, why: str) -> SettingsError:
    return SettingsError(
        f"model '{bundle.name}' {why}; serve it without micro-batching (--max-batch 1)", where=_WHERE
    )


def _probes(bundle: Bundle) -> list[Tensors]:
    """Single rows that differ as far as they can: the bundle's samples, ones and zeros."""
    found: list[Tensors] = []
    for row in bundle.manifest.get("samples", {}).get("rows", [])[:8]:
        try:
            found.append(tensors_from_rows(bundle.signature, [row]))
        except OnehandlerError:  # a bundle's own handler may take rows that its model doesn't
            continue
    specs = bundle.signature.inputs
    return [*found, *({spec.name: _filled(spec, value) for spec in specs} for value in (1, 0))]


def _filled(spec: TensorSpec, value: int) -> Tensor:
    shape = (1, *(1 if size == ANY else size for size in spec.shape[1:]))
    family = spec.dtype.family
    element: Any = str(value) if family == "string" else bool(value) if family == "bool" else value
    return Tensor.of(spec.dtype, shape, [element] * prod(shape))


def _answers(runtime: Runtime, probe: Tensors) -> bool:
    try:
        runtime.run(probe)
    except OnehandlerError:
        return False
    return True


def _alike(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype.family != "float":
        return one.values() == other.values()
    pairs = zip(one.values(), other.values(), strict=True)
    return all(
        isclose(a, b, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) or (isnan(a) and isnan(b)) for a, b in pairs
    )
