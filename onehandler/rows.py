"""Rows of plain Python values → tensors. JSON protocols and batch scoring all speak rows.

A row for a model with one input is a list of its values or an object by column name; for a model with several
inputs it is an object by input name (or, where every input is one column, a list in input order).
"""

from __future__ import annotations

from itertools import chain

from onehandler.errors import InvalidInput, shown
from onehandler.signature import ANY
from onehandler.tensor import Tensor, stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sized
    from typing import Any

    from onehandler.signature import Signature, TensorSpec

_NAN = float("nan")
# As protobuf's JSON mapping spells what JSON has no number for; results.py writes the same.
_SPELLED = {"NaN": _NAN, "Infinity": float("inf"), "-Infinity": float("-inf")}
_PLAIN = frozenset({int, float})
_EXACT = 1 << 53  # whole floats up to here are exact integers


def tensors_from_rows(signature: Signature, rows: Any, where: str = "rows") -> dict[str, Tensor]:
    """Turn a list of rows into the model's inputs; InvalidInput points at the row and column at fault."""
    require_rows(signature)
    if not isinstance(rows, list):
        from onehandler.large_rows import tensors_of_rows  # few bodies have a megabyte

        return tensors_of_rows(signature, rows, where)
    if not rows:
        raise InvalidInput("holds no row; send at least one", where=where)
    if len(signature.inputs) == 1:
        spec = signature.inputs[0]
        return {spec.name: tensor_from_rows(spec, rows, where)}
    return _split(signature, rows, where)


def tensors_from_columns(signature: Signature, columns: Any, where: str = "columns") -> dict[str, Tensor]:
    """Turn an object of equally long arrays, by column or input name, into the model's inputs."""
    require_rows(signature)
    if not isinstance(columns, dict):
        raise InvalidInput(f"must be an object of arrays by column name, {shown(columns)} came", where=where)
    specs = signature.inputs
    table = specs[0].columns if len(specs) == 1 else ()
    names = table or tuple(spec.name for spec in specs)
    check_names(columns, names, where)
    if set(map(type, columns.values())) != {list}:
        from onehandler.large_rows import tensors_of_columns  # few bodies have a megabyte

        return tensors_of_columns(signature, columns, where)
    check_equal_lengths(columns, where)
    if table:
        rows = [list(row) for row in zip(*(columns[name] for name in names), strict=True)]
        return {specs[0].name: tensor_from_rows(specs[0], rows, where)}
    return {spec.name: tensor_from_rows(spec, columns[spec.name], f"{where}.{spec.name}") for spec in specs}


def tensor_from_nested(spec: TensorSpec, value: Any, where: str) -> Tensor:
    """Turn nested lists of any depth into one tensor of this spec's type and rank."""
    if not isinstance(value, list) and spec.shape:
        from onehandler.large_rows import tensor_of  # few bodies have a megabyte

        return tensor_of(spec, value, where)
    shape = _measured(value, len(spec.shape), where)
    tensor = _filled(spec, shape, _flat(value, shape, where), where)
    spec.check(tensor)
    return tensor


def tensor_from_rows(spec: TensorSpec, rows: list[Any], where: str) -> Tensor:
    """Rows of one input, each a value, a (nested) list or an object by column name, as one tensor."""
    if len(spec.shape) == 2:
        return _table(spec, rows, where)
    if dict in map(type, rows):
        rows = [_only(spec, row, f"{where}[{index}]") for index, row in enumerate(rows)]
    return tensor_from_nested(spec, rows, where)


def require_rows(signature: Signature) -> None:
    """Refuse row-shaped input for a model whose first dimension doesn't count rows."""
    if not signature.batched:
        raise InvalidInput('this model has no row dimension; send {"inputs": {name: nested arrays}}')


def check_names(found: Any, wanted: tuple[str, ...], where: str) -> None:
    """Refuse an object whose keys are not exactly the wanted names. Unknown names are counted, not echoed."""
    if found.keys() == set(wanted):
        return
    missing = [name for name in wanted if name not in found]
    unknown = len(found.keys() - set(wanted))
    problems = [f"lacks {_listed(missing)}"] if missing else []
    problems += (
        [f"has {unknown} unknown name{'s' * (unknown > 1)}; there are {_listed(wanted)}"] if unknown else []
    )
    raise InvalidInput(" and ".join(problems), where=where)


def check_equal_lengths(columns: Mapping[str, Sized], where: str) -> None:
    """Refuse columns of different lengths, or of none."""
    lengths = {len(column) for column in columns.values()}
    if lengths == {0}:
        raise InvalidInput("holds no row; send at least one", where=where)
    if len(lengths) > 1:
        raise InvalidInput(
            f"columns have {min(lengths)} to {max(lengths)} values; all need as many", where=where
        )


def _filled(spec: TensorSpec, shape: tuple[int, ...], values: list[Any], where: str) -> Tensor:
    """A tensor of JSON's values: null and spelled numbers may stand for floats, whole floats for integers."""
    kinds = set(map(type, values))
    family = spec.dtype.family
    if family == "float" and not kinds <= _PLAIN:
        values = [_float(spec, value, where, index) for index, value in enumerate(values)]
        kinds = set(map(type, values))
    elif family == "int" and float in kinds:
        values = [_whole(value) for value in values]
        kinds = set(map(type, values))
    return Tensor(spec.dtype, shape, stored(spec.dtype, values, kinds, where))


def _float(spec: TensorSpec, value: Any, where: str, index: int) -> Any:
    if value is None:
        if spec.nullable:
            return _NAN
        raise InvalidInput("is null; this model was built without missing values", where=f"{where}[{index}]")
    return _SPELLED.get(value, value) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    fits = type(value) is float and -_EXACT <= value <= _EXACT and value.is_integer()
    return int(value) if fits else value


def _table(spec: TensorSpec, rows: list[Any], where: str) -> Tensor:
    """The common case: [any, width]. One pass where all is well; only faults are looked for row by row."""
    width = spec.shape[1]
    kinds = set(map(type, rows))
    if kinds != {list}:
        rows = [_listed_row(spec, row, f"{where}[{index}]") for index, row in enumerate(rows)]
    if width == ANY:
        width = len(rows[0])
    if set(map(len, rows)) != {width}:
        index = next(i for i, row in enumerate(rows) if len(row) != width)
        raise InvalidInput(
            f"has {len(rows[index])} values, the model takes {width}", where=f"{where}[{index}]"
        )
    flat = rows[0] if len(rows) == 1 else list(chain.from_iterable(rows))
    try:
        return _filled(spec, (len(rows), width), flat, where)
    except InvalidInput as error:
        raise _placed(error, spec, width, where) from None


def _placed(error: InvalidInput, spec: TensorSpec, width: int, where: str) -> InvalidInput:
    """Say row and column instead of the flat index that the tensor knows."""
    index = error.where[len(where) + 1 : -1]
    if not index.isdecimal():
        return error
    row, column = divmod(int(index), width)
    name = f".{spec.columns[column]}" if spec.columns else f"[{column}]"
    return InvalidInput(error.message, where=f"{where}[{row}]{name}")


def _listed_row(spec: TensorSpec, row: Any, where: str) -> list[Any]:
    """One row of a table as a list in column order."""
    if isinstance(row, list):
        return row
    if isinstance(row, dict):
        if not spec.columns or row.keys() == {spec.name}:
            return _listed_row(spec, _only(spec, row, where), where)
        check_names(row, spec.columns, where)
        return [row[column] for column in spec.columns]
    if spec.shape[1] == 1:
        return [row]
    raise InvalidInput(f"must be an array or an object by column name, {shown(row)} came", where=where)


def _only(spec: TensorSpec, row: Any, where: str) -> Any:
    """The value of the one input in a row written as an object by input name."""
    if not isinstance(row, dict):
        return row
    check_names(row, (spec.name,), where)
    value = row[spec.name]
    if isinstance(value, dict):
        raise InvalidInput(f"must be an array or a value, {shown(value)} came", where=f"{where}.{spec.name}")
    return value


def _split(signature: Signature, rows: list[Any], where: str) -> dict[str, Tensor]:
    """Rows of a model with several inputs, as one tensor an input."""
    names = tuple(spec.name for spec in signature.inputs)
    positional = all(len(spec.shape) == 1 or spec.shape[1:] == (1,) for spec in signature.inputs)
    objects = []
    for index, row in enumerate(rows):
        at = f"{where}[{index}]"
        if isinstance(row, list) and positional and len(row) == len(names):
            objects.append(dict(zip(names, row, strict=True)))
            continue
        if not isinstance(row, dict):
            wanted = f" or an array of {len(names)} values" if positional else ""
            raise InvalidInput(f"must be an object by input name{wanted}, {shown(row)} came", where=at)
        check_names(row, names, at)
        objects.append(row)
    return {spec.name: _one_input(spec, objects, where) for spec in signature.inputs}


def _one_input(spec: TensorSpec, objects: list[Any], where: str) -> Tensor:
    try:
        return tensor_from_rows(spec, [row[spec.name] for row in objects], where)
    except InvalidInput as error:
        raise InvalidInput(error.message, where=f"{error.where} (input '{spec.name}')") from None


def _measured(value: Any, rank: int, where: str) -> tuple[int, ...]:
    """The shape of nested lists along their first elements; the rest is checked by `_flat`."""
    shape: list[int] = []
    for _ in range(rank):
        if not isinstance(value, list):
            raise InvalidInput(f"has {len(shape)} dimensions, the model takes {rank}", where=where)
        shape.append(len(value))
        if not value:
            return tuple(shape) + (0,) * (rank - len(shape))
        value = value[0]
    return tuple(shape)


def _flat(value: Any, shape: tuple[int, ...], where: str) -> list[Any]:
    """All leaves in row-major order; InvalidInput where the nesting is uneven."""
    level = [value]
    for depth, size in enumerate(shape):
        if set(map(type, level)) - {list} or set(map(len, level)) - {size}:
            raise InvalidInput(
                f"is ragged in dimension {depth}: all its parts need {size} entries", where=where
            )
        level = list(chain.from_iterable(level))
    return level


def _listed(names: tuple[str, ...] | list[str], limit: int = 12) -> str:
    """Names for a message, cut when there are many."""
    text = ", ".join(f"'{name}'" for name in names[:limit])
    return text + (f" and {len(names) - limit} more" if len(names) > limit else "")
