"""Rows one by one: each with its prediction or its error."""

from __future__ import annotations

from itertools import repeat
from math import prod
from typing import TYPE_CHECKING, Any

from onehandler.batch.inputs import Asked, File, input_named, name_for_type
from onehandler.batch.results import Result
from onehandler.errors import InvalidInput, ModelError, OnehandlerError, RequestError
from onehandler.results import named_rows
from onehandler.rows import tensors_from_rows
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.batch.inputs import Block
    from onehandler.handler import Handler
    from onehandler.signature import Signature

# Measured with forests of 30 and models of 784 features: beyond these a run gets no faster, only its memory larger.
_BLOCK_VALUES = 128 * 1024
_LEAST_ROWS, _MOST_ROWS = 16, 4096


def block_rows(signature: Signature) -> int:
    """Rows a run takes at once: many, as long as their tensors stay small."""
    sizes = [
        prod(spec.shape[1:]) for spec in (*signature.inputs, *signature.outputs) if ANY not in spec.shape[1:]
    ]
    return max(_LEAST_ROWS, min(_MOST_ROWS, _BLOCK_VALUES // max(1, sum(sizes))))


def score_block(handler: Handler, block: Block, first: int) -> Iterator[Result]:
    """Answer rows, one result each, in order, numbered from `first`."""
    rows = block.rows(handler.signature)
    answers = iter(_answers(handler, [row for row in rows if not isinstance(row, OnehandlerError)]))
    columns = block.carried()
    carried: Iterator[tuple[Any, ...]] = zip(*columns, strict=True) if columns else repeat(())
    told = zip(block.offsets, rows, carried, strict=False)
    for number, (offset, row, values) in enumerate(told, start=first):
        answer = row if isinstance(row, OnehandlerError) else next(answers)
        if isinstance(answer, OnehandlerError):
            yield Result(number, offset, error=answer, carried=values)
        else:
            yield Result(number, offset, prediction=answer, carried=values)


def score_bytes(handler: Handler, content: bytes, media_type: str) -> Iterator[Result]:
    """Answer a whole file of rows that is in memory. Raises InvalidInput for a header that doesn't fit."""
    chosen = input_named(name_for_type(media_type))
    file = File(lambda start, end: content[start:end], len(content))
    layout = chosen.layout(file, handler.signature, Asked(max(1, len(content))))
    rows, most = 1, block_rows(handler.signature)
    for chunk in range(layout.chunks):
        for block in chosen.blocks(file, layout, chunk, inside=False, most=most):
            for first in range(0, len(block.offsets), most):
                part = block.part(first, most)
                yield from score_block(handler, part, rows)
                rows += len(part.offsets)


def _answers(handler: Handler, rows: list[Any]) -> list[Any]:
    """A prediction or an error a row. A block that fails is halved until the rows at fault are alone."""
    if not rows:
        return []
    try:
        tensors = tensors_from_rows(handler.signature, rows, "row")
        return named_rows(handler.signature, handler.predict(tensors))
    except (RequestError, ModelError) as error:
        if len(rows) == 1:
            return [_of_one_row(error)]
    middle = len(rows) // 2
    return _answers(handler, rows[:middle]) + _answers(handler, rows[middle:])


def _of_one_row(error: OnehandlerError) -> OnehandlerError:
    """Say the column only: which row it is stands beside it."""
    where = error.where.removeprefix("row[0]").lstrip(".")
    return type(error)(error.message, where=where) if isinstance(error, (InvalidInput, ModelError)) else error
