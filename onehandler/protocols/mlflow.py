"""The JSON of MLflow's scoring server, as its "Local inference server" documentation has it.

{"dataframe_split": {"columns": [...], "data": [[...]]}}     or dataframe_records: [{...}]
{"instances": rows} or {"inputs": tensors}                   as TensorFlow Serving has them
    → {"predictions": [...]}

"params" may hold `outputs`, the names of the outputs to be told; any other is refused. Columns that the model does
not take are left alone, as MLflow does. NaN and Infinity are tokens in both directions, as its clients send them.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.rows import check_names, tensor_from_nested, tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

PARAMS = "params"


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
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise InvalidInput("must be an array of arrays", where=f"{where}.data")
    wanted = _columns(signature)
    if columns is None or not wanted or columns == [*range(len(wanted))]:  # what pandas calls unnamed columns
        return tensors_from_rows(signature, rows, f"{where}.data")
    return tensors_from_rows(signature, _picked(wanted, columns, rows, where), f"{where}.data")


def _picked(wanted: Sequence[str], columns: Any, rows: list[list[Any]], where: str) -> list[Any]:
    """Rows as objects of the model's columns."""
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise InvalidInput("must be an array of names", where=f"{where}.columns")
    short = next((number for number, row in enumerate(rows) if len(row) != len(columns)), None)
    if short is not None:
        raise InvalidInput(
            f"has {len(rows[short])} values for {len(columns)} columns", where=f"{where}.data[{short}]"
        )
    missing = [name for name in wanted if columns.count(name) != 1]
    if missing:
        raise InvalidInput(
            f"must name '{missing[0]}' and each of the model's {len(wanted)} columns once",
            where=f"{where}.columns",
        )
    places = [(name, columns.index(name)) for name in wanted]
    return [{name: row[place] for name, place in places} for row in rows]


def from_records(signature: Signature, content: Any, where: str = "dataframe_records") -> Tensors:
    """pandas' "records" orientation."""
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise InvalidInput("must be an array of objects by column name", where=where)
    wanted = _columns(signature)
    rows = [
        {name: row[name] for name in wanted} if wanted and row.keys() > set(wanted) else row
        for row in content
    ]
    return tensors_from_rows(signature, rows, where)


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
