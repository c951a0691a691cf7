"""The two ways a node test is run: onnxruntime's Python API, and a bundle behind Open Inference V2."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnx.backend.test.runner import Runner

from onehandler.convert.build import Order, build
from onehandler.errors import OnehandlerError
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.backend.explained import RANDOM
from tests.backend.wire import NoDatatype, arrays, as_bytes, as_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from onehandler.bundle import Bundle
    from onehandler.message import Response
    from tests.backend.cases import NodeCase

_FATAL = 4  # of onnxruntime's log levels
_ROUNDING = 2**-6  # two steps of bfloat16, the coarsest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one way: the outputs of each set where it answered, or why it did not."""

    outputs: list[list[NDArray[Any]]] | None
    reason: str
    status: int = 200  # of our answer, where it is one that refuses

    def passes(self, case: NodeCase) -> bool:
        """Whether the outputs are those that ONNX expects, by its own comparison."""
        if self.outputs is None:
            return False
        try:
            for found, (_, expected) in zip(self.outputs, case.sets, strict=True):
                Runner.assert_similar_outputs(expected, found, case.rtol, case.atol)
        except (AssertionError, TypeError):  # TypeError: a list or None, and something else expected
            return False
        return True


def by_onnxruntime(case: NodeCase) -> Outcome:
    """As its users call it, with numpy arrays in and out."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(
            case.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return Outcome([session.run(None, inputs) for inputs, _ in case.sets], "")
    except Exception as error:  # noqa: BLE001 - its errors have no common base but this
        return Outcome(None, str(error))


def by_bundle(case: NodeCase, folder: Path) -> Outcome:
    """Built, loaded, asked with bytes and again with JSON, which must give the same."""
    try:
        bundle = bundle_of(case, folder)
        handler = Handler.load(bundle, Settings({"ONEHANDLER_THREADS": "1"}))
    except OnehandlerError as error:
        return Outcome(None, str(error))
    finally:
        (folder / "model.onnx").unlink()
    try:
        return _answered(handler, case)
    except NoDatatype as error:
        return Outcome(None, f"NoDatatype: {error}")
    finally:
        handler.close()
        shutil.rmtree(folder / "bundle")


def bundle_of(case: NodeCase, folder: Path) -> Bundle:
    """The model as `onehandler build` makes a bundle of it."""
    path = folder / "model.onnx"
    path.write_bytes(case.model.SerializeToString())
    return build(Order(path, None, "node", folder / "bundle")).bundle


def typed(case: NodeCase, inputs: dict[str, NDArray[Any]]) -> dict[str, tuple[int, NDArray[Any]]]:
    """Arrays with the number that ONNX has for the type that the model declares."""
    declared = {each.name: each.type.tensor_type.elem_type for each in case.model.graph.input}
    return {name: (declared[name], array) for name, array in inputs.items()}


def _answered(handler: Handler, case: NodeCase) -> Outcome:
    found = []
    for inputs, _ in case.sets:
        given = typed(case, inputs)
        binary = handler.answer(as_bytes(given))
        if binary.status != 200:
            return Outcome(None, binary.body.decode(), binary.status)
        outputs = arrays(binary)
        _require_same(case, outputs, handler.answer(as_json(given)))
        found.append(outputs)
    return Outcome(found, "")


def _require_same(case: NodeCase, outputs: list[NDArray[Any]], said: Response) -> None:
    """JSON says what the bytes said, but for models that draw random numbers."""
    assert said.status == 200, (case.name, said.body[:300])
    for one, other in zip(outputs, arrays(said), strict=True):
        assert case.name.startswith(RANDOM) or alike(one, other), case.name


def alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two runs gave the same. Floats differ in their last bits, which sums that cancel out make larger.

    Sums are taken in another order where the values lie otherwise in memory.
    """
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return False
    if one.dtype.kind in "biuO":
        return np.array_equal(one, other)
    wide = (each.astype(np.float64) for each in (one, other))
    return np.allclose(*wide, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True)
