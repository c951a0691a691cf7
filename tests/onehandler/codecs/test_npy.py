"""What numpy.save writes is read without numpy; everything else is refused in words."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import npy
from onehandler.errors import OnehandlerError
from onehandler.tensor import Tensor

TYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
TYPES += ["float16", "float32", "float64"]


def saved(array: Any, version: tuple[int, int] | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    if version is None:
        np.save(file, array, **options)
    else:
        np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (0,), (0, 4), (2, 1, 3)], ids=str)
@pytest.mark.parametrize("name", TYPES)
def test_every_type_and_shape(name: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(int(np.prod(shape))) % 2).reshape(shape).astype(name)
    for version in (None, (2, 0), (3, 0)):
        tensor = npy.loads(saved(array, version))
        assert (tensor.dtype.name, tensor.shape) == (name, shape)
        assert tensor.values() == array.ravel().tolist()


FULL = saved(np.arange(6, dtype=np.float32))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no .npy file"),
        (b"PK\x03\x04 and more of it", "no .npy file"),
        (FULL[:8], "no .npy file"),
        (FULL[:40], "cut off"),
        (FULL[:-1], "24 bytes of values, 23 came"),
        (FULL + b"x", "24 bytes of values, 25 came"),
        (FULL.replace(b"(6,)", b"(-6)"), "isn't one that numpy.save writes"),
        (FULL.replace(b"(6,)", b"(9999999999999999,)"), "isn't one|promises|cut off"),
        (FULL.replace(b"'<f4'", b"'>f4'"), "another type"),
        (FULL.replace(b"'<f4'", b"'<c8'"), "another type"),
        (FULL.replace(b"{'descr'", b"__import"), "isn't one that numpy.save writes"),
        (saved(np.asfortranarray(np.ones((3, 2)))), "Fortran order"),
        (saved(np.array([{}], dtype=object), allow_pickle=True), "isn't one|another type"),
        (saved(np.array(["text"])), "another type"),
        (saved(np.ones(1, dtype=[("a", "f4")])), "isn't one"),
        (saved(np.array([True]))[:-1] + b"\x02", "neither 0 nor 1"),
    ],
)
def test_anything_else_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(OnehandlerError, match=words):
        npy.loads(body)


@given(st.integers(0, len(FULL) - 1), st.integers(0, 255))
def test_a_damaged_file_is_an_array_or_an_error_of_ours(place: int, byte: int) -> None:
    body = bytearray(FULL)
    body[place] = byte
    try:
        tensor = npy.loads(bytes(body))
    except OnehandlerError:
        return
    assert len(tensor.values()) == tensor.size


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (0, 4), (2, 1, 3)], ids=str)
@pytest.mark.parametrize("name", TYPES)
def test_numpy_reads_what_is_written(name: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(int(np.prod(shape))) % 2).reshape(shape).astype(name)
    written = npy.dumps(npy.loads(saved(array)))
    assert written == saved(array)
    found = np.load(io.BytesIO(written), allow_pickle=False)
    assert (found.dtype, found.shape, found.tolist()) == (array.dtype, shape, array.tolist())


@given(st.lists(st.floats(width=32), max_size=20))
def test_what_is_written_is_read(values: list[float]) -> None:
    tensor = Tensor.of("float32", (len(values),), values)
    found = npy.loads(npy.dumps(tensor))
    assert (found.dtype, found.shape, bytes(found.data)) == (tensor.dtype, tensor.shape, bytes(tensor.data))


@pytest.mark.parametrize("name", ["string", "bfloat16", "int4", "float8e5m2"])
def test_types_that_numpy_has_not_are_refused_by_name(name: str) -> None:
    values = ["a", "b"] if name == "string" else [1, 1]
    with pytest.raises(OnehandlerError, match=name):
        npy.dumps(Tensor.of(name, (2,), values))
