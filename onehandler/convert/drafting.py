"""What a bundle is to hold, from what a build found out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.bundle_writer import Draft
from onehandler.convert.opening import opened
from onehandler.convert.weights import LOCATION
from onehandler.results import named_rows, spelled
from onehandler.rows import tensors_from_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onehandler.convert import Candidate
    from onehandler.convert.build import Order, Outcome
    from onehandler.convert.rows import Rows
    from onehandler.tensor import Tensors

_SAMPLES = 3


def drafted(order: Order, outcome: Outcome, candidate: Candidate) -> Draft:
    """The bundle of a candidate, its samples answered once more."""
    beside = {LOCATION: candidate.weights} if candidate.weights else {}
    sets, comparisons = outcome.sets, outcome.comparisons
    return Draft(
        name=order.name,
        version=order.version,
        runtime=candidate.runtime,
        model=candidate.name,
        signature=candidate.signature,
        files={candidate.name: candidate.model, **beside, **candidate.files},
        source={**outcome.conversion.source, "note": candidate.note},
        samples=_samples(candidate, order, sets),
        baseline=next(iter(sets.values())).baseline() if sets else {},
        parity={"tolerance": order.tolerance, "comparisons": [each.to_json() for each in comparisons]},
        members=_members(candidate),
    )


def _members(candidate: Candidate) -> dict[str, Any]:
    steps = {"preprocessing": list(candidate.preprocessing)} if candidate.preprocessing else {}
    return {**candidate.members, **steps}


def _shown(sets: Mapping[str, Rows]) -> Rows:
    """The first rows, of those held out where there are such."""
    return sets.get("held-out", next(iter(sets.values()))).part(0, _SAMPLES)


def _samples(candidate: Candidate, order: Order, sets: Mapping[str, Rows]) -> dict[str, Any]:
    """A few rows as clients send them, with the predictions they get."""
    signature = candidate.signature
    if order.steps.steps:
        rows = order.steps.rows()
        inputs: Tensors = tensors_from_rows(signature, rows)
    elif sets:
        shown = _shown(sets)
        rows, inputs = shown.sent(signature), shown.tensors(signature)
    else:
        return {}
    with opened(candidate) as runtime:
        outputs = runtime.run(inputs)
    return {"rows": rows, "predictions": spelled(named_rows(signature, outputs))}
