"""Inputs are used where they lie, whatever buffer they lie in."""

from __future__ import annotations

import mmap
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import helper

from onehandler.dtypes import dtype_named
from onehandler.runtimes.onnx import OnnxModel, open_model
from onehandler.runtimes.onnx_tensors import _pinned
from onehandler.tensor import Tensor
from tests.onehandler.runtimes.models import save

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = [1.5, -2.0, 3.25, 4.0]
RAW = array("d", NUMBERS).tobytes()


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> OnnxModel:
    """A model whose y is x + x."""
    node = helper.make_node("Add", ["x", "x"], ["y"])
    path = tmp_path_factory.mktemp("double") / "m.onnx"
    return open_model(save(path, [node], [("x", "float64", ["n"])], [("y", "float64", ["n"])]), 1)


def mapped() -> mmap.mmap:
    area = mmap.mmap(-1, len(RAW))
    area[:] = RAW
    return area


def frozen() -> np.ndarray:
    values = np.array(NUMBERS)
    values.flags.writeable = False
    return values


def shrunk() -> bytearray:
    """A bytearray whose content no longer begins where its memory does."""
    area = bytearray(b"123" + RAW)
    del area[:3]
    return area


BUFFERS: dict[str, Callable[[], Any]] = {
    "array": lambda: array("d", NUMBERS),
    "array of bytes": lambda: array("B", RAW),
    "bytes": lambda: RAW,
    "bytearray": lambda: bytearray(RAW),
    "shrunk bytearray": shrunk,
    "view of bytes": lambda: memoryview(RAW),
    "view of array": lambda: memoryview(array("d", NUMBERS)),
    "view of doubles": lambda: memoryview(RAW).cast("d"),
    "numpy": lambda: memoryview(np.array(NUMBERS)),
    "frozen numpy": lambda: memoryview(frozen()),
    "matrix": lambda: memoryview(np.array(NUMBERS).reshape(2, 2)),
    "mmap": lambda: memoryview(mapped()),
    **{f"slice at {i}": lambda i=i: memoryview(bytes(i) + RAW)[i:] for i in range(1, 9)},
}


@pytest.mark.parametrize("make", BUFFERS.values(), ids=BUFFERS)
def test_any_contiguous_buffer(make: Callable[[], Any], double: OnnxModel) -> None:
    tensor = Tensor(dtype_named("float64"), (4,), make())
    assert double.run({"x": tensor})["y"].values() == [2 * number for number in NUMBERS]
    assert tensor.values() == NUMBERS


@pytest.mark.parametrize(
    "empty", [b"", bytearray(), array("d"), memoryview(b""), memoryview(np.empty((0, 3)))], ids=range(5)
)
def test_empty_buffers(empty: Any, double: OnnxModel) -> None:
    outputs = double.run({"x": Tensor(dtype_named("float64"), (0,), empty)})
    assert (outputs["y"].shape, outputs["y"].data) == ((0,), b"")


def test_a_read_only_view_is_not_copied() -> None:
    values = frozen()
    address, _ = _pinned(memoryview(values), dtype_named("float64"))
    assert f"{values.ctypes.data:#x}" in str(address)


def test_a_view_that_begins_within_an_element_is_copied() -> None:
    """Vector loops of the compiler may count on whole elements."""
    for offset in range(1, 8):
        address, _ = _pinned(memoryview(bytes(offset) + RAW)[offset:], dtype_named("float64"))
        assert address == RAW


def test_a_buffer_may_not_move_while_it_is_used() -> None:
    area = bytearray(RAW)
    address, pin = _pinned(area, dtype_named("float64"))
    with pytest.raises(BufferError):
        area.extend(b"more")
    del address, pin
    area.extend(b"more")


def test_outputs_are_our_own(double: OnnxModel) -> None:
    first = double.run({"x": Tensor.of("float64", (1,), [1.0])})["y"]
    double.run({"x": Tensor.of("float64", (1,), [2.0])})
    assert first.values() == [2.0]
    assert type(first.data) is bytes
