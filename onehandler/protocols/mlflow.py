"""The JSON of MLflow's scoring server, as its "Local inference server" documentation has it.

{"dataframe_split": {"columns": [...], "data": [[...]]}}     or dataframe_records: [{...}]
{"instances": rows} or {"inputs": tensors}                   as TensorFlow Serving has them
    → {"predictions": [...]}

"params" may hold `outputs`, the names of the outputs to be told; any other is refused. Columns that the model does
not take are left alone, as MLflow does. NaN and Infinity are tokens in both directions, as its clients send them.
"""

from __future__ import annotations

from collections import Counter

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray, listed, mapped
from onehandler.rows import check_names, tensor_from_nested, tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

PARAMS = "params"
_MOST_COLUMNS = 100_000


def tensors_from(signature: Signature, body: Mapping[str, Any]) -> Tensors:
    """The inputs in a body of one of the four forms."""
    found = [name for name in body if name != PARAMS]
    if len(found) != 1 or found[0] not in FORMS:
        raise InvalidInput(
            f"must have exactly one of {', '.join(FORMS)}, and maybe {PARAMS}; {len(body)} members came",
            where="body",
        )
    return FORMS[found[0]](signature, body[found[0]])


def from_split(signature: Signature, content: Any, where: str = "dataframe_split") -> Tensors:
    """pandas' "split" orientation; the index is nobody's."""
    if not isinstance(content, dict) or not content.keys() <= {"columns", "index", "data"}:
        raise InvalidInput("must be an object of 'columns', 'index' and 'data'", where=where)
    rows, columns = content.get("data"), content.get("columns")
    if not isinstance(rows, (list, LargeArray)):
        raise InvalidInput("must be an array of arrays", where=f"{where}.data")
    wanted = _columns(signature)
    columns = listed(columns, _MOST_COLUMNS)
    if columns is None or not wanted or columns == [*range(len(wanted))]:  # what pandas calls unnamed columns
        return tensors_from_rows(
            signature, mapped(rows, lambda _, row: _array(row, f"{where}.data")), f"{where}.data"
        )
    places = _places(columns, wanted, f"{where}.columns")

    def picked(number: int, row: Any) -> dict[str, Any]:
        values = listed(_array(row, f"{where}.data"), len(columns))
        if isinstance(values, LargeArray) or len(values) != len(columns):
            came = "more" if isinstance(values, LargeArray) else len(values)
            raise InvalidInput(
                f"has {came} values for {len(columns)} columns", where=f"{where}.data[{number}]"
            )
        return {name: values[place] for name, place in places.items()}

    return tensors_from_rows(signature, mapped(rows, picked), f"{where}.data")


def _array(row: Any, where: str) -> list[Any] | LargeArray:
    if not isinstance(row, (list, LargeArray)):
        raise InvalidInput("must be an array of arrays", where=where)
    return row


def _places(columns: Any, wanted: Sequence[str], where: str) -> dict[str, int]:
    """Where each of the model's columns stands, which must be in one place."""
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise InvalidInput(f"must be an array of at most {_MOST_COLUMNS:,} names", where=where)
    counts = Counter(columns)
    missing = [name for name in wanted if counts[name] != 1]
    if missing:
        raise InvalidInput(
            f"must name '{missing[0]}' and each of the model's {len(wanted)} columns once", where=where
        )
    places = {name: place for place, name in enumerate(columns)}
    return {name: places[name] for name in wanted}


def from_records(signature: Signature, content: Any, where: str = "dataframe_records") -> Tensors:
    """pandas' "records" orientation."""
    if not isinstance(content, (list, LargeArray)):
        raise InvalidInput("must be an array of objects by column name", where=where)

    def checked(_number: int, row: Any) -> dict[str, Any]:
        if not isinstance(row, dict):
            raise InvalidInput("must be an array of objects by column name", where=where)
        return row

    return tensors_from_rows(signature, without_others(signature, mapped(content, checked)), where)


def without_others(signature: Signature, rows: list[Any] | LargeArray) -> list[Any] | LargeArray:
    """Rows of which those that are objects have no columns that the model doesn't take."""
    wanted = _columns(signature)
    if not wanted:
        return rows
    known = set(wanted)

    def known_alone(_number: int, row: Any) -> Any:
        return {name: row[name] for name in wanted} if isinstance(row, dict) and row.keys() > known else row

    return mapped(rows, known_alone)


def from_instances(signature: Signature, content: Any, where: str = "instances") -> Tensors:
    """Rows."""
    return tensors_from_rows(signature, content, where)


def from_inputs(signature: Signature, content: Any, where: str = "inputs") -> Tensors:
    """Tensors by input name; the only input of a model may stand without its name."""
    specs = signature.inputs
    if not isinstance(content, dict):
        if len(specs) > 1:
            raise InvalidInput(f"must be an object by input name, {shown(content)} came", where=where)
        return {specs[0].name: tensor_from_nested(specs[0], content, where)}
    check_names(content, tuple(spec.name for spec in specs), where)
    return {spec.name: tensor_from_nested(spec, content[spec.name], f"{where}.{spec.name}") for spec in specs}


def _columns(signature: Signature) -> tuple[str, ...]:
    """The names of a table's columns for this model; none where they have none."""
    if (
        len(signature.inputs) == 1
        and len(signature.inputs[0].shape) == 2
        and signature.inputs[0].shape[1] != 1
    ):
        return signature.inputs[0].columns
    return signature.inputs[0].columns or tuple(spec.name for spec in signature.inputs)


FORMS: dict[str, Callable[[Signature, Any], Tensors]] = {
    "dataframe_split": from_split,
    "dataframe_records": from_records,
    "instances": from_instances,
    "inputs": from_inputs,
}
