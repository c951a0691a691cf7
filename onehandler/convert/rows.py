"""Rows that a model is asked while it is converted: of a table (CSV), or arrays by input name (.npz, .npy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensor

    Answers = Mapping[str, np.ndarray[Any, Any]]
    Expected = Callable[["Rows"], Answers]

_ARRAYS = (".npz", ".npy")
EVERY = 5  # one row of so many is held out


class Taking(Protocol):
    """A signature, or whatever else knows its inputs."""

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        """In the model's order."""
        ...


class Rows(Protocol):
    """Implemented by `tables.Table` and `arrays.Arrays`."""

    @property
    def names(self) -> Sequence[str]:
        """Columns, or names of arrays."""
        ...

    def __len__(self) -> int:
        """How many rows."""
        ...

    def part(self, start: int, stop: int) -> Rows:
        """Rows from `start` up to before `stop`."""
        ...

    def split(self) -> tuple[Rows, Rows]:
        """All rows but every fifth, and every fifth; ConversionError when there are too few."""
        ...

    def joined(self, others: Sequence[Rows]) -> Rows:
        """These rows and those of others that have the same names."""
        ...

    def chosen(self, names: Sequence[str], where: str) -> Rows:
        """What the model takes, in its order; ConversionError names what is missing."""
        ...

    def without(self, name: str, where: str) -> Rows:
        """The rows without a column that is no feature; ConversionError when there is none of that name."""
        ...

    def tensors(self, signature: Taking) -> dict[str, Tensor]:
        """The rows as inputs."""
        ...

    def sent(self, signature: Signature) -> list[Any]:
        """The rows as clients send them in JSON."""
        ...

    def line(self, row: int) -> int:
        """The line of the CSV file that a row stands on; of arrays its number, from 1."""
        ...

    def baseline(self) -> dict[str, Any]:
        """Each feature's distribution, for the manifest."""
        ...


def read_sets(sample: Path | None, target: str, holdout: Path | None) -> dict[str, Rows]:
    """The training rows and the held-out rows: a file of their own, else every fifth of the sample's."""
    if sample is None:
        return {}
    rows = read_rows(sample)
    if target:
        rows = rows.without(target, str(sample))
    if holdout is None:
        training, held_out = rows.split()
        return {"training": training, "held-out": held_out}
    other = read_rows(holdout)
    return {
        "training": rows,
        "held-out": other.without(target, str(holdout)) if target in other.names else other,
    }


def read_rows(path: Path) -> Rows:
    """Read a sample's file; ConversionError when it is none."""
    if path.suffix.lower() in _ARRAYS:
        from onehandler.convert.arrays import read_arrays

        return read_arrays(path)
    from onehandler.convert.tables import read_table

    return read_table(path)


def all_rows(sets: Mapping[str, Rows]) -> Rows | None:
    """The rows of all sets, which together tell types and gaps; None when there are none.

    A set that lacks columns is left out here: `chosen` says so in better words.
    """
    rows = list(sets.values())
    return rows[0].joined(rows[1:]) if rows else None
