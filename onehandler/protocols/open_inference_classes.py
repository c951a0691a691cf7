"""The classification extension: an output's largest values as strings "value:index:label".

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md
"""

from __future__ import annotations

from heapq import nlargest
from math import prod

from onehandler.dtypes import dtype_named
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def top(tensor: Tensor, count: int, labels: Sequence[str], *, batched: bool) -> Tensor:
    """The `count` largest of each row, or of the whole tensor where the model has no rows, largest first.

    There are fewer where a row has fewer values. Equal ones stand in the order of their indices, NaN stands last.
    """
    lead = tensor.shape[:1] if batched else ()
    size = prod(tensor.shape[len(lead) :])
    values = tensor.values()
    rows = [values[begin : begin + size] for begin in range(0, prod(lead) * size, size or 1)]
    names = labels if len(labels) == size else ()
    texts = [_text(row[index], index, names) for row in rows for index in _largest(row, count)]
    return Tensor(dtype_named("string"), (*lead, min(count, size)), texts)


def _largest(row: Sequence[Any], count: int) -> list[int]:
    return nlargest(count, range(len(row)), key=lambda index: (row[index] == row[index], row[index]))


def _text(value: Any, index: int, names: Sequence[str]) -> str:
    """As Triton writes it: floats with six decimals."""
    number = f"{value:f}" if isinstance(value, float) else str(value)
    return f"{number}:{index}:{names[index]}" if names else f"{number}:{index}"
