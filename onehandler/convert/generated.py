"""Rows made up for a model that came without any: enough to tell a wrong conversion, not how good the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert.arrays import Arrays
from onehandler.errors import ConversionError
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.convert.rows import Expected
    from onehandler.signature import TensorSpec

ROWS = 32
_SIZES = {"generated": 7, "generated, other sizes": 12}  # of dimensions that may have any
# Whole numbers are mostly places in a table, whose length only the model knows: the largest that it answers are taken.
_BELOW = (1000, 100, 10, 2)


def generated(specs: Sequence[TensorSpec], ask: Expected) -> dict[str, Arrays]:
    """Sets of rows by name; two where sizes may vary. ConversionError when the model answers none."""
    failure: Exception | None = None
    for below in _BELOW:
        try:
            sets = {name: _arrays(specs, size, below) for name, size in _SIZES.items()}
            for rows in sets.values():
                ask(rows)
        except ConversionError:
            raise
        except Exception as error:  # noqa: BLE001 - a model may raise anything
            failure = error
            continue
        varies = any(ANY in spec.shape[1:] for spec in specs)
        return sets if varies else {"generated": sets["generated"]}
    reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0][:300]
    raise ConversionError(
        f"is needed: the model answers no rows that could be made up ({reason}); give arrays by input name (.npz)",
        where="--sample",
    )


def _arrays(specs: Sequence[TensorSpec], size: int, below: int) -> Arrays:
    random = np.random.default_rng(0)  # the same rows, and the same bundle, every time
    return Arrays.of(
        {
            spec.name: _array(
                spec, (ROWS, *(size if each == ANY else each for each in spec.shape[1:])), below, random
            )
            for spec in specs
        },
        "generated rows",
    )


def _array(
    spec: TensorSpec, shape: tuple[int, ...], below: int, random: np.random.Generator
) -> np.ndarray[Any, Any]:
    if spec.dtype.family == "float":
        return random.normal(size=shape).astype(spec.dtype.name)
    if spec.dtype.family == "bool":
        return random.random(shape) < 0.5
    if spec.dtype.family == "string":
        return random.choice(["", "a", "word", "two words", "naïve"], shape).astype(object)
    return random.integers(0, min(below, spec.dtype.high), shape).astype(spec.dtype.name)
