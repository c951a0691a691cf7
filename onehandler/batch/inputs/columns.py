"""The columns that a table needs for a model, found among those it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.signature import Signature, TensorSpec

_LISTED = 12  # names in a message


def model_columns(signature: Signature) -> list[tuple[str, TensorSpec]]:
    """The columns a table needs: the features of a single input, or the inputs themselves.

    Raises InvalidInput for a model that a flat table cannot feed.
    """
    if len(signature.inputs) == 1 and signature.inputs[0].columns:
        return [(name, signature.inputs[0]) for name in signature.inputs[0].columns]
    if all(len(spec.shape) == 1 or spec.shape[1:] == (1,) for spec in signature.inputs):
        return [(spec.name, spec) for spec in signature.inputs]
    raise InvalidInput("this model's inputs have no column names; drop JSON Lines instead")


def check_columns(
    found: Sequence[str], signature: Signature, carry: Sequence[str], what: str, where: str
) -> None:
    """Refuse a table that lacks a column of the model or one to be carried, or names one twice."""
    wanted = [name for name, _ in model_columns(signature)]
    _check_there(found, wanted, f"{what} lacks {{}} of the model's columns", where)
    _check_there(found, carry, f"{what} lacks {{}} of the columns to be carried", where)
    twice = [name for name in (*wanted, *carry) if found.count(name) > 1]
    if twice:
        raise InvalidInput(f"{what} names '{twice[0]}' more than once", where=where)


def _check_there(found: Sequence[str], wanted: Sequence[str], told: str, where: str) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        listed = ", ".join(f"'{name}'" for name in missing[:_LISTED])
        raise InvalidInput(f"{told.format(len(missing))}: {listed}", where=where)
