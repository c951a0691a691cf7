"""From a trained model's file to a verified bundle."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onehandler.bundle_writer import write_bundle
from onehandler.convert import Options, converter_for
from onehandler.convert.drafting import drafted
from onehandler.convert.opening import opened, seconds_to_load
from onehandler.convert.parity import Different, compare, references, require_equal
from onehandler.convert.rows import all_rows, read_sets
from onehandler.convert.steps import Steps
from onehandler.convert.variants import Measured, changed, measured
from onehandler.convert.weights import apart
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from onehandler.bundle import Bundle
    from onehandler.convert import Candidate, Conversion, Converter
    from onehandler.convert.parity import Comparison, Reference
    from onehandler.convert.rows import Rows

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PICKLES = (".joblib", ".pkl", ".pickle")
KEEPABLE = (*PICKLES, ".skops")
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Order:
    """What to build. Without `holdout`, a fifth of the sample's rows is held out for the comparison.

    Models whose files say what they take can do without a sample: rows are made up for them. `options` say what other
    files don't.
    """

    model: Path
    sample: Path | None
    name: str
    target: Path  # the bundle's folder
    holdout: Path | None = None
    drop: str = ""  # a column of the sample that is no feature (the target)
    version: str = "1"
    tolerance: float = TOLERANCE
    optimize: bool = False
    quantize: str = ""  # "dynamic" or "static"
    decide: Callable[[Sequence[Measured]], bool] = lambda _: (
        True
    )  # take the other form, having seen the figures?
    options: Options = field(default_factory=Options)
    steps: Steps = field(default_factory=Steps)  # what clients send instead of the model's inputs
    allow_pickle: bool = False  # serve a joblib or pickle file as it is, if it cannot be converted


@dataclass(frozen=True, slots=True)
class Built:
    """The bundle and how its model compared with the original.

    `note` says how it was converted when the plain way answered differently, `candidate` is what was compared: it takes
    what the rows in `asked` have, also where the bundle's clients send something else.
    """

    bundle: Bundle
    candidate: Candidate
    comparisons: Sequence[Comparison]
    note: str
    warnings: Sequence[str]
    asked: Sequence[Reference] = ()
    forms: Sequence[Measured] = ()


def build(order: Order, told: Callable[[str], None] = lambda _: None) -> Built:
    """Convert, compare, write. Raises ConversionError, and then nothing has been written."""
    if not _NAME.fullmatch(order.name):
        raise ConversionError("takes lower-case letters, digits and hyphens, at most 63", where="--name")
    told("reading the rows")
    sets = read_sets(order.sample, order.drop, order.holdout)
    told(f"loading {order.model.name}")
    try:
        outcome = _attempted(order, converter_for(order.model), sets, told)
    except ConversionError as error:
        outcome = _kept(order, sets, error, told)
    costs = _costs(outcome.candidate)
    told("writing the bundle")
    bundle = write_bundle(
        drafted(order, outcome, order.steps.declared(apart(outcome.candidate))), order.target
    )
    return Built(
        bundle,
        outcome.candidate,
        outcome.comparisons,
        outcome.candidate.note,
        [*outcome.conversion.warnings, *costs],
        outcome.asked,
        outcome.forms,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A candidate that answers like the original, and what was seen on the way to it."""

    conversion: Conversion
    sets: Mapping[str, Rows]
    asked: Sequence[Reference]
    candidate: Candidate
    comparisons: Sequence[Comparison]
    forms: Sequence[Measured]


def _attempted(
    order: Order, convert: Converter, given: Mapping[str, Rows], told: Callable[[str], None]
) -> Outcome:
    """Convert and compare."""
    conversion = convert(order.model, all_rows(given), order.options)
    sets = {name: rows.chosen(conversion.columns, f"the {name} rows") for name, rows in given.items()}
    told("asking the original model")
    if conversion.generated:
        sets |= conversion.generated()
    asked = references(sets, conversion.expected) if conversion.expected else []
    candidate, comparisons = _chosen(conversion, asked, order.tolerance, told)
    forms: list[Measured] = []
    if order.optimize or order.quantize:
        told("measuring the other form")
        other, forms = _other_form(order, candidate, asked, next(iter(sets.values()), None))
        if order.decide(forms):
            candidate, comparisons = other, _compared(other, asked, order.tolerance)
    return Outcome(conversion, sets, asked, candidate, comparisons, forms)


def _kept(
    order: Order, sets: Mapping[str, Rows], error: ConversionError, told: Callable[[str], None]
) -> Outcome:
    """The model as it is, where that was allowed; else the error."""
    if order.model.suffix.lower() not in KEEPABLE or error.where.startswith("--"):
        raise error
    if not order.allow_pickle:
        without = "" if order.model.suffix.lower() in PICKLES else " (of a skops file without a pickle)"
        advice = f"--allow-pickle serves it as it is{without}, which starts slower and needs its packages"
        advised = f"{error.message}; {advice}"
        if isinstance(error, Different):
            raise Different(advised, error.comparisons)
        raise ConversionError(advised, where=error.where)
    from onehandler.convert.kept import keep  # scikit-learn, which the file itself needs

    reason = f"{error.where}: {error.message}" if error.where else error.message
    return _attempted(order, lambda path, rows, _: keep(path, rows, reason), sets, told)


def _costs(candidate: Candidate) -> list[str]:
    """What a model that isn't ONNX costs, measured."""
    if candidate.runtime == "onnx":
        return []
    seconds = seconds_to_load(candidate)
    return [
        f"a process takes {seconds:.1f} s to start and load it, where one of ONNX takes a tenth of a second"
    ]


def _other_form(
    order: Order, plain: Candidate, asked: Sequence[Reference], training: Rows | None
) -> tuple[Candidate, list[Measured]]:
    """The model in the form that was ordered, and the figures of both."""
    if not asked:
        raise ConversionError(
            "needs an original to compare with; a file that is ONNX already is taken as it is",
            where="--quantize" if order.quantize else "--optimize",
        )
    other = changed(plain, order.optimize, order.quantize, training)
    names = ("as converted", other.note or "optimized")
    forms = [
        measured(name, form, asked, order.tolerance) for name, form in zip(names, (plain, other), strict=True)
    ]
    if not order.quantize:
        require_equal(_compared(other, asked, order.tolerance), order.tolerance)
    return other, forms


def _chosen(
    conversion: Conversion, asked: Sequence[Reference], tolerance: float, told: Callable[[str], None]
) -> tuple[Candidate, list[Comparison]]:
    """The first candidate that answers like the original.

    If none does: how the first of them differs, or, where not even that is known, why the first failed.
    """
    failure: ConversionError | None = None
    for number, make in enumerate(conversion.candidates, 1):
        told(f"converting and comparing, way {number} of {len(conversion.candidates)}")
        try:
            candidate = make()
            comparisons = _compared(candidate, asked, tolerance)
            require_equal(comparisons, tolerance)
        except Different as error:
            failure = error if not isinstance(failure, Different) else failure
        except ConversionError as error:
            failure = failure or error
        else:
            return candidate, comparisons
    assert failure is not None, "a conversion has at least one candidate"
    if isinstance(failure, Different) and conversion.advice:
        raise Different(f"{failure.message}; {conversion.advice}", failure.comparisons)
    raise failure


def _compared(candidate: Candidate, asked: Sequence[Reference], tolerance: float) -> list[Comparison]:
    """Open the candidate, compare it on every set of rows."""
    with opened(candidate) as runtime:
        return [
            comparison
            for reference in asked
            for comparison in compare(runtime, candidate.signature, reference, tolerance, candidate.slack)
        ]
