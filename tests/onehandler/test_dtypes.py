"""The table of element types against onnx's own and numpy's."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from onehandler import dtypes
from onehandler.dtypes import dtype_coded, dtype_named
from onehandler.errors import InvalidInput

ALL = list(dtypes._BY_NAME.values())
# What onnx calls our types; its codes up to FLOAT8E5M2FNUZ and of the 4-bit types are ONNX Runtime's too,
# but for the first eight, which ONNX Runtime counts in the same order.
ONNX_NAMES = {"float32": "FLOAT", "float64": "DOUBLE"}


@pytest.mark.parametrize("dtype", ALL, ids=repr)
def test_codes_are_onnx_s(dtype: dtypes.DType) -> None:
    name = ONNX_NAMES.get(dtype.name, dtype.name.upper())
    assert dtype.code == onnx.TensorProto.DataType.Value(name)
    assert dtype_coded(dtype.code) is dtype
    assert dtype_named(dtype.name) is dtype


@pytest.mark.parametrize(
    "dtype", [dtype for dtype in ALL if dtype.native or dtype.name == "float16"], ids=repr
)
def test_sizes_and_bounds_are_numpy_s(dtype: dtypes.DType) -> None:
    kind = np.dtype(dtype.name)
    assert dtype.bits == kind.itemsize * 8
    if dtype.family == "int":
        bounds = np.iinfo(kind)
        assert (dtype.low, dtype.high) == (bounds.min, bounds.max)
    else:
        assert (dtype.low, dtype.high) == (0, 0)


@pytest.mark.parametrize(("name", "low", "high"), [("int4", -8, 7), ("uint4", 0, 15)])
def test_four_bits(name: str, low: int, high: int) -> None:
    dtype = dtype_named(name)
    assert (dtype.low, dtype.high) == (low, high)
    assert [dtype.nbytes(count) for count in range(5)] == [0, 1, 1, 2, 2]


def test_bytes_of_whole_elements() -> None:
    assert dtype_named("float64").nbytes(3) == 24
    assert dtype_named("bool").nbytes(3) == 3
    assert dtype_named("string").nbytes(3) == 0


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("complex64", "COMPLEX64"), ("complex128", "COMPLEX128"), ("float4e2m1", "FLOAT4E2M1")],
)
def test_types_without_kernels_by_name(name: str, theirs: str) -> None:
    with pytest.raises(InvalidInput, match=f"the element type {name} cannot be served; there are float32"):
        dtype_coded(onnx.TensorProto.DataType.Value(theirs))


@pytest.mark.parametrize("code", [0, 99, -1])
def test_unknown_codes(code: int) -> None:
    with pytest.raises(InvalidInput, match=f"element type number {code} cannot be served"):
        dtype_coded(code)


def test_a_long_name_is_cut() -> None:
    with pytest.raises(InvalidInput) as caught:
        dtype_named("x" * 10_000)
    assert len(str(caught.value)) < 400
