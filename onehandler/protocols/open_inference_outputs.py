"""What a client asks for in `outputs`, and the answer made of it."""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray, elements_of
from onehandler.protocols.content import json_response
from onehandler.protocols.open_inference_inputs import named, parameters_of
from onehandler.protocols.open_inference_types import DATATYPES, datatype_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

    from onehandler.message import Response
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Buffer, Tensor, Tensors


class Wanted:
    """One output that is to be answered: as bytes or as JSON, and how many classes of it (0: the tensor itself)."""

    __slots__ = ("binary", "classes", "spec")

    def __init__(self, spec: TensorSpec, *, binary: bool, classes: int = 0) -> None:
        self.spec: Final = spec
        self.binary: Final = binary
        self.classes: Final = classes

    def of(self, outputs: Tensors, *, batched: bool) -> Tensor:
        """The tensor to answer."""
        tensor = outputs[self.spec.name]
        if not self.classes:
            return tensor
        from onehandler.protocols.open_inference_classes import top  # few ask for it

        return top(tensor, self.classes, self.spec.columns, batched=batched)


def wanted_outputs(signature: Signature, body: Mapping[str, Any]) -> Sequence[Wanted]:
    """The outputs asked for, in the order asked; all of them when none is named."""
    binary = _flag(parameters_of(body, "body"), "binary_data_output", False, "body")
    entries = body.get("outputs") or []
    if not isinstance(entries, (list, LargeArray)):
        raise InvalidInput(f"must be an array, {shown(entries)} came", where="outputs")
    if not entries:
        return all_outputs(signature, binary=binary)
    specs = {spec.name: spec for spec in signature.outputs}
    found: dict[str, Wanted] = {}
    for index, entry in enumerate(elements_of(entries)):
        where = f"outputs[{index}]"
        spec = named(specs, entry, where)
        if spec.name in found:
            raise InvalidInput(f"'{spec.name}' is asked for twice", where=where)
        found[spec.name] = _wanted(spec, parameters_of(entry, where), binary, where)
    return list(found.values())


def all_outputs(signature: Signature, *, binary: bool) -> Sequence[Wanted]:
    """Every output as it is."""
    for spec in signature.outputs:
        datatype_of(spec)
    return [Wanted(spec, binary=binary) for spec in signature.outputs]


def inference_response(
    head: dict[str, Any], signature: Signature, wanted: Sequence[Wanted], outputs: Tensors
) -> Response:
    """`head` and the outputs, those wanted as bytes after the JSON."""
    entries: list[dict[str, Any]] = []
    parts: list[Buffer] = []
    held = 0
    for each in wanted:
        tensor = each.of(outputs, batched=signature.batched)
        entry: dict[str, Any] = {
            "name": each.spec.name,
            "datatype": DATATYPES[tensor.dtype],
            "shape": list(tensor.shape),
        }
        entries.append(entry)
        if each.binary:
            parts.append(_packed(tensor))
            entry["parameters"] = {"binary_data_size": memoryview(parts[-1]).nbytes}
        else:
            entry["data"] = tensor.values()
            held += len(tensor.data)
    head["outputs"] = entries
    rows = outputs[signature.output_names[0]].shape[0] if signature.batched else 1
    if not parts:
        return json_response(head, rows, tokens=True, held=held)
    from onehandler.protocols.open_inference_binary import response

    return response(head, parts, rows)


def _packed(tensor: Tensor) -> Buffer:
    from onehandler.protocols.open_inference_binary import packed  # answers in JSON never need it

    return packed(tensor)


def _wanted(spec: TensorSpec, parameters: Mapping[str, Any], binary: bool, where: str) -> Wanted:
    datatype_of(spec)
    classes = parameters.get("classification", 0)
    at = f"{where}.parameters.classification"
    if type(classes) is not int or not 0 <= classes < 1 << 31:
        raise InvalidInput(f"must be a number of classes, {shown(classes)} came", where=at)
    if classes and spec.dtype.family not in ("float", "int"):
        raise InvalidInput(f"'{spec.name}' holds no numbers; ask for the probabilities or scores", where=at)
    return Wanted(spec, binary=_flag(parameters, "binary_data", binary, where), classes=classes)


def _flag(parameters: Mapping[str, Any], name: str, default: bool, where: str) -> bool:
    found = parameters.get(name, default)
    if not isinstance(found, bool):
        raise InvalidInput(f"must be true or false, {shown(found)} came", where=f"{where}.parameters.{name}")
    return found
