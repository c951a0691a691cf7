"""What cannot be served is refused in words; nothing ends the process."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper

from onehandler.dtypes import dtype_named
from onehandler.errors import BundleError, InvalidInput, ModelError
from onehandler.runtimes.onnx import open_model
from onehandler.tensor import Tensor
from tests.onehandler.runtimes.models import identity, save, write
from tests.onehandler.runtimes.processes import run_python

if TYPE_CHECKING:
    from pathlib import Path

TENSOR_X = helper.make_tensor_value_info("x", T.FLOAT, ["n"])


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"ONNX Runtime says: .*doesn't exist"):
        open_model(str(tmp_path / "none.onnx"), 1)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="ONNX Runtime says"):
        open_model(str(tmp_path), 1)


def test_words_are_cut(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        open_model(str(tmp_path / ("long" * 60)), 1)
    assert len(caught.value.message) <= 300 + len("ONNX Runtime says: ")


def test_of_long_words_the_reason_at_their_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    identity(path, "float32", ["n"])
    model = onnx.load(path)
    model.ir_version = 99
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BundleError, match=r" … .*max supported IR version: \d+$"):
        open_model(str(path), 1)


def test_garbage_and_truncated_files_end_in_errors(tmp_path: Path) -> None:
    """In a process of its own, so that a crash would be seen as one."""
    whole = (tmp_path / "m.onnx").read_bytes() if identity(tmp_path / "m.onnx", "float32", ["n"]) else b""
    noise = random.Random(5)
    cases = [whole[:end] for end in range(len(whole))] + [noise.randbytes(size) for size in range(0, 400, 7)]
    for index, case in enumerate(cases):
        (tmp_path / f"{index}.bad").write_bytes(case)
    found = run_python(
        f"""
        from onehandler.errors import BundleError
        from onehandler.runtimes.onnx import open_model
        refused = 0
        for index in range({len(cases)}):
            try:
                open_model({str(tmp_path)!r} + f"/{{index}}.bad", 1).close()
            except BundleError:
                refused += 1
        print(refused)
        """
    )
    assert int(found) >= len(cases) - 30  # a few cut files are whole models still: fields are optional


def test_an_unknown_operator_is_named(tmp_path: Path) -> None:
    path = save(
        tmp_path / "m.onnx",
        [helper.make_node("NoSuchOperator", ["x"], ["y"])],
        [("x", "float32", ["n"])],
        [("y", "float32", ["n"])],
    )
    with pytest.raises(BundleError, match="NoSuchOperator"):
        open_model(path, 1)


def sequence() -> tuple[list, list]:
    node = helper.make_node("SequenceConstruct", ["x"], ["y"])
    return [node], [helper.make_tensor_sequence_value_info("y", T.FLOAT, None)]


def zip_map() -> tuple[list, list]:
    node = helper.make_node("ZipMap", ["m"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    matrix = helper.make_node("Concat", ["u", "u"], ["m"], axis=1)
    column = helper.make_node("Unsqueeze", ["x", "axis"], ["u"])
    axis = helper.make_node("Constant", [], ["axis"], value_ints=[1])
    kind = helper.make_sequence_type_proto(
        helper.make_map_type_proto(T.INT64, helper.make_tensor_type_proto(T.FLOAT, []))
    )
    return [axis, column, matrix, node], [helper.make_value_info("y", kind)]


def optional() -> tuple[list, list]:
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(T.FLOAT, ["n"]))
    return [helper.make_node("Optional", ["x"], ["y"])], [helper.make_value_info("y", kind)]


@pytest.mark.parametrize(
    ("make", "word"), [(sequence, "a sequence"), (zip_map, "a sequence"), (optional, "an optional")]
)
def test_an_output_that_is_no_tensor(make: object, word: str, tmp_path: Path) -> None:
    nodes, outputs = make()  # type: ignore[operator]
    path = write(tmp_path / "m.onnx", helper.make_graph(nodes, "g", [TENSOR_X], outputs))
    with pytest.raises(BundleError, match=f"output 'y': is {word}; only tensors .* ZipMap off"):
        open_model(path, 1)


@pytest.mark.parametrize("name", ["COMPLEX64", "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2"])
def test_types_without_kernels_are_refused_by_name(name: str, tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("x", T.DataType.Value(name), ["n"])
    one = helper.make_tensor_value_info("y", T.INT64, [1])
    graph = helper.make_graph([helper.make_node("Constant", [], ["y"], value_ints=[1])], "g", [value], [one])
    with pytest.raises(BundleError, match=name.lower()):
        open_model(write(tmp_path / "m.onnx", graph), 1)


def test_a_run_that_fails_says_why_and_the_next_one_works(tmp_path: Path) -> None:
    table = numpy_helper.from_array(np.arange(3, dtype=np.float32), "table")
    path = save(
        tmp_path / "m.onnx",
        [helper.make_node("Gather", ["table", "x"], ["y"])],
        [("x", "int64", ["n"])],
        [("y", "float32", ["n"])],
        [table],
    )
    model = open_model(path, 1)
    for _ in range(3):
        with pytest.raises(ModelError, match=r"ONNX Runtime says: .*out of data bounds") as caught:
            model.run({"x": Tensor.of("int64", (1,), [99])})
        assert len(caught.value.message) < 330
        assert model.run({"x": Tensor.of("int64", (1,), [2])})["y"].values() == [2.0]


def test_wrong_inputs_never_reach_the_model(tmp_path: Path) -> None:
    model = open_model(identity(tmp_path / "m.onnx", "float32", [2, "n"]), 1)
    with pytest.raises(InvalidInput, match="input 'x': is missing"):
        model.run({})
    with pytest.raises(InvalidInput, match="input 'x': takes float32, float64 came"):
        model.run({"x": Tensor.of("float64", (2, 1), [1.0, 2.0])})
    with pytest.raises(InvalidInput, match="input 'x': takes float32, string came"):
        model.run({"x": Tensor.of("string", (2, 1), ["1", "2"])})
    with pytest.raises(ModelError, match=r"ONNX Runtime says: .*(rank|dimension)"):
        model.run({"x": Tensor.of("float32", (2,), [1.0, 2.0])})
    with pytest.raises(ModelError, match=r"ONNX Runtime says: .*dimension"):
        model.run({"x": Tensor.of("float32", (3, 1), [1.0, 2.0, 3.0])})
    with pytest.raises(ModelError, match="ONNX Runtime says"):
        model.run({"x": Tensor(dtype_named("float32"), (-2, -1), bytes(8))})


def test_wrong_string_inputs(tmp_path: Path) -> None:
    model = open_model(identity(tmp_path / "m.onnx", "string", ["n"]), 1)
    with pytest.raises(InvalidInput, match="takes string, int8 came"):
        model.run({"x": Tensor.of("int8", (1,), [1])})
    with pytest.raises(InvalidInput, match="input 'x': a string holds an unpaired surrogate"):
        model.run({"x": Tensor.of("string", (1,), ["\ud800"])})
    with pytest.raises(InvalidInput, match="is missing"):
        model.run({})


def test_one_bad_input_of_two_frees_the_other(tmp_path: Path) -> None:
    node = helper.make_node("Add", ["a", "b"], ["c"])
    specs = [("a", "float32", ["n"]), ("b", "float32", ["n"])]
    model = open_model(save(tmp_path / "m.onnx", [node], specs, [("c", "float32", ["n"])]), 1)
    good = Tensor.of("float32", (1,), [1.0])
    for _ in range(1000):
        with pytest.raises(InvalidInput, match="input 'b'"):
            model.run({"a": good, "b": Tensor.of("int8", (1,), [1])})
    assert model.run({"a": good, "b": good})["c"].values() == [2.0]


def test_a_closed_model(tmp_path: Path) -> None:
    model = open_model(identity(tmp_path / "m.onnx", "float32", ["n"]), 1)
    model.close()
    model.close()
    with pytest.raises(ModelError, match="has been closed"):
        model.run({"x": Tensor.of("float32", (1,), [1.0])})


def test_one_error_line_reaches_nobodys_standard_output(tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", "float32", ["n"])
    found = run_python(
        f"""
        from onehandler.runtimes.onnx import open_model
        from onehandler.tensor import Tensor
        open_model({path!r}, 1).run({{"x": Tensor.of("float32", (1,), [1.0])}})
        """
    )
    assert found == ""
