"""Every bit pattern against numpy and ml_dtypes; rounding against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import copysign, inf, isnan, nan

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.tensor import Tensor

FLOATS = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
}


def doubles(patterns: np.ndarray, kind: type) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # signalling NaNs
        return patterns.view(kind).astype(np.float64)


# The finite numbers of each type with their patterns, in order, and the first number that is too large.
GRID = {}
for name, kind in FLOATS.items():
    unsigned = np.uint8 if np.dtype(kind).itemsize == 1 else np.uint16
    patterns = np.arange(np.iinfo(unsigned).max // 2 + 1, dtype=unsigned)
    numbers = doubles(patterns, kind)
    numbers = numbers[np.isfinite(numbers)]
    GRID[name] = [*numbers.tolist(), float(2 * numbers[-1] - numbers[-2])]


def all_patterns(name: str) -> np.ndarray:
    kind = FLOATS[name]
    unsigned = np.uint8 if np.dtype(kind).itemsize == 1 else np.uint16
    return np.arange(np.iinfo(unsigned).max + 1, dtype=unsigned)


def encoded(name: str, values: list[float]) -> bytes:
    return bytes(memoryview(Tensor.of(name, (len(values),), values).data).cast("B"))


def same(left: float, right: float) -> bool:
    return (isnan(left) and isnan(right)) or (left == right and copysign(1, left) == copysign(1, right))


@pytest.mark.parametrize("name", FLOATS)
def test_every_pattern_decodes_as_the_reference_does(name: str) -> None:
    patterns = all_patterns(name)
    ours = Tensor(dtype_named(name), (len(patterns),), patterns.tobytes()).values()
    theirs = doubles(patterns, FLOATS[name]).tolist()
    assert all(map(same, ours, theirs))


@pytest.mark.parametrize("name", FLOATS)
def test_every_number_encodes_to_its_own_pattern(name: str) -> None:
    patterns = all_patterns(name)
    values = doubles(patterns, FLOATS[name])
    numbers = ~np.isnan(values)
    assert encoded(name, values[numbers].tolist()) == patterns[numbers].tobytes()


@pytest.mark.parametrize("name", FLOATS)
def test_nan_stays_nan(name: str) -> None:
    for value in (nan, -nan):
        assert isnan(Tensor.of(name, (1,), [value]).values()[0])


@pytest.mark.parametrize("name", FLOATS)
@given(data=st.data())
def test_rounds_to_nearest_ties_to_even(name: str, data: st.DataObject) -> None:
    grid = GRID[name]
    place = data.draw(st.integers(0, len(grid) - 3))
    low, high = grid[place], grid[place + 1]
    middle = (low + high) / 2
    value = data.draw(
        st.one_of(
            st.floats(low, high),
            st.sampled_from([middle, np.nextafter(middle, inf).item(), np.nextafter(middle, 0).item()]),
        )
    )
    sign = data.draw(st.sampled_from([1.0, -1.0]))
    expected = place + nearest(value, low, high, place)
    assert same(Tensor.of(name, (1,), [sign * value]).values()[0], plain_zero(name, sign * grid[expected]))


def nearest(value: float, low: float, high: float, place: int) -> int:
    """0 for the lower neighbour, 1 for the higher one, computed exactly."""
    further = (Fraction(value) - Fraction(low)) - (Fraction(high) - Fraction(value))
    return int(further > 0 or (further == 0 and place % 2 == 1))


def plain_zero(name: str, value: float) -> float:
    return 0.0 if name.endswith("fnuz") and value == 0 else value


@pytest.mark.parametrize("name", FLOATS)
def test_too_large_begins_where_rounding_would_leave_the_type(name: str) -> None:
    grid = GRID[name]
    largest, beyond = grid[-2], grid[-1]
    middle = (largest + beyond) / 2
    stays = (len(grid) - 2) % 2 == 0  # the largest has the even pattern: a tie stays with it
    fitting = middle if stays else np.nextafter(middle, 0).item()
    assert Tensor.of(name, (1,), [fitting]).values() == [largest]
    for value in (np.nextafter(middle, inf).item() if stays else middle, 1e300, 10**400):
        for signed in (value, -value):
            with pytest.raises(InvalidInput, match=f"too large for {name}") as caught:
                Tensor.of(name, (2,), [1.0, signed], where="input 'x'")
            assert caught.value.where == "input 'x'[1]"


@pytest.mark.parametrize("name", FLOATS)
def test_infinity_passes_where_the_type_has_one(name: str) -> None:
    if name in ("float16", "bfloat16", "float8e5m2"):
        assert Tensor.of(name, (2,), [inf, -inf]).values() == [inf, -inf]
        return
    with pytest.raises(InvalidInput, match="too large"):
        Tensor.of(name, (1,), [inf])


@given(value=st.floats(width=64, allow_nan=False, min_value=-60000, max_value=60000))
@example(1 + 2.0**-8 + 2.0**-30)
@example(1 + 2.0**-8 - 2.0**-30)
@example(-(1 + 2.0**-8 + 2.0**-40))
def test_bfloat16_rounds_once(value: float) -> None:
    found = Fraction(Tensor.of("bfloat16", (1,), [value]).values()[0])
    grid = np.array(GRID["bfloat16"])
    around = int(np.searchsorted(grid, abs(value)))
    best = min(
        abs(Fraction(x) - abs(Fraction(value))) for x in grid[max(around - 1, 0) : around + 1].tolist()
    )
    assert abs(found - Fraction(value)) == best


@pytest.mark.parametrize(("name", "low"), [("uint4", 0), ("int4", -8)])
@given(data=st.data())
def test_four_bit_integers_as_numpy_packs_them(name: str, low: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(low, low + 15)))
    tensor = Tensor.of(name, (len(values),), values)
    padded = np.array([*values, 0], dtype=np.int64)[: len(values) + len(values) % 2] & 15
    assert bytes(tensor.data) == (padded[::2] | padded[1::2] << 4).astype(np.uint8).tobytes()
    assert tensor.values() == values


@pytest.mark.parametrize(("name", "bad"), [("uint4", -1), ("uint4", 16), ("int4", -9), ("int4", 8)])
def test_four_bit_integers_out_of_range(name: str, bad: int) -> None:
    with pytest.raises(InvalidInput, match=f"{name} takes") as caught:
        Tensor.of(name, (3,), [0, bad, 0], where="rows")
    assert caught.value.where == "rows[1]"


@given(values=st.lists(st.booleans()))
def test_booleans(values: list[bool]) -> None:
    tensor = Tensor.of("bool", (len(values),), values)
    assert bytes(tensor.data) == np.array(values, dtype=bool).tobytes()
    assert tensor.values() == values


def test_any_byte_but_zero_is_true() -> None:
    values = Tensor(dtype_named("bool"), (3,), bytes([0, 2, 255])).values()
    assert values == [False, True, True]
    assert all(type(value) is bool for value in values)


@pytest.mark.parametrize("name", [*FLOATS, "bool", "int4", "uint4"])
def test_no_elements(name: str) -> None:
    tensor = Tensor.of(name, (0, 3), [])
    assert (tensor.values(), tensor.nbytes, tensor.nested()) == ([], 0, [])
