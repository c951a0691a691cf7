"""ONNX files to bundles: taken as they are, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from onehandler.bundle import Bundle
from onehandler.convert.build import Order, build
from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from onehandler.tensor import Tensor
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable

IRIS = "sepal length,sepal width,petal length,petal width\n" + "5.1,3.5,1.4,0.2\n" * 4 + "6.3,2.5,5.0,1.9\n"


def built(model: Path, tmp_path: Path, sample: str = "") -> Bundle:
    rows = tmp_path / "rows.csv"
    rows.write_text(sample)
    return build(Order(model, rows if sample else None, "m", tmp_path / "out" / "m")).bundle


def model_of(name: str, tmp_path: Path) -> Path:
    return Path(bundles.build(name, tmp_path), "model.onnx")


@pytest.mark.parametrize("name", ["iris", "mixed", "image", "fixed", "lookup", "division"])
def test_a_model_is_taken_as_it_is_without_a_sample(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    bundle = built(model, tmp_path)
    told = [(spec.name, spec.dtype.name, spec.shape) for spec in bundle.signature.inputs]
    real = Bundle.load(str(model.parent)).signature.inputs
    assert told == [(spec.name, spec.dtype.name, spec.shape) for spec in real]
    assert Path(bundle.model_path).read_bytes() == model.read_bytes()
    assert bundle.manifest["source"]["framework"] == "onnx"


def test_the_samples_header_names_the_columns_and_its_rows_are_answered(tmp_path: Path) -> None:
    bundle = built(model_of("iris", tmp_path), tmp_path, IRIS)
    assert bundle.signature.inputs[0].columns == tuple(bundles.COLUMNS)
    samples = bundle.manifest["samples"]
    handler = Handler.load(bundle)
    inputs = tensors_from_rows(handler.signature, samples["rows"])
    labels = handler.predict(inputs)["label"].values()
    handler.close()
    assert labels == [each["label"] for each in samples["predictions"]]
    assert bundle.manifest["baseline"]["sepal width"]["count"] == 4


@pytest.mark.parametrize("place", range(6))
def test_a_missing_value_in_any_row_makes_the_input_nullable(place: int, tmp_path: Path) -> None:
    header, *rows = IRIS.splitlines(keepends=True)
    sample = header + "".join([*rows[:place], ",1,1,1\n", *rows[place:]])  # rows 0 and 5 are held out
    assert built(model_of("iris", tmp_path), tmp_path, sample).signature.inputs[0].nullable


def test_one_column_an_input(tmp_path: Path) -> None:
    sample = "city,visits,age\n" + "Köln,3,41.5\n" * 6
    bundle = built(model_of("mixed", tmp_path), tmp_path, sample)
    assert bundle.manifest["samples"]["rows"][0] == {"age": 41.5, "visits": 3, "city": "Köln"}


def test_arrays_by_input_name_are_rows_too(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(10, 8, 8))  # float64, as numpy has it
    np.savez(tmp_path / "rows.npz", pixels=rows)
    model = model_of("image", tmp_path)
    bundle = build(Order(model, tmp_path / "rows.npz", "m", tmp_path / "out" / "m")).bundle
    samples = bundle.manifest["samples"]
    assert np.allclose(samples["rows"], rows[[0, 5]])  # of every fifth row, which is held out
    assert len(samples["predictions"]) == 2
    assert not bundle.manifest["baseline"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": np.ones((10, 8, 8))}, "lacks 1 of the model's inputs: 'pixels'"),
        ({"pixels": np.ones((10, 8, 8)), "other": np.ones(9)}, "equally many rows in each array"),
        ({"pixels": np.ones((4, 8, 8))}, "has 4 rows; at least 5 are needed"),
        ({"pixels": np.array([object()] * 9)}, "cannot be read as numpy arrays"),
        ({}, "equally many rows in each array; these came: no array"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", **arrays)
    with pytest.raises(ConversionError, match=message):
        build(Order(model_of("image", tmp_path), tmp_path / "rows.npz", "m", tmp_path / "out" / "m"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "sample", "message"),
    [
        ("iris", "a,b\n" + "1,2\n" * 5, "has 2 columns, the model takes 4"),
        ("mixed", "age,city\n" + "1,x\n" * 5, "lacks 1 of the model's columns: 'visits'"),
        ("image", IRIS, "rows of a table cannot fill; leave --sample out"),
        ("fixed", IRIS, "rows of a table cannot fill; leave --sample out"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused(name: str, sample: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=message):
        built(model_of(name, tmp_path), tmp_path, sample)
    assert not (tmp_path / "out").exists()


def zip_map() -> bytes:
    """scikit-learn's classifier as skl2onnx writes it by default: probabilities as a list of maps."""
    from skl2onnx import to_onnx

    data = load_iris()
    fitted = LogisticRegression(max_iter=500).fit(data.data, data.target)
    content: bytes = to_onnx(fitted, data.data[:1].astype(np.float32)).SerializeToString()
    return content


def altered(change: Callable[[Any], None]) -> bytes:
    """y = x · w, changed."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(np.ones((2, 1), np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    change(model)
    content: bytes = model.SerializeToString()
    return content


def take_strings(model: Any) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING


def keep_elsewhere(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def keep_constant_elsewhere(model: Any) -> None:
    tensor = onnx.TensorProto(
        name="c", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL
    )
    tensor.external_data.add(key="location", value="weights.bin")
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))


def drop_shape(model: Any) -> None:
    model.graph.output[0].type.tensor_type.ClearField("shape")


def use_complex(model: Any) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.COMPLEX64


def cut(model: Any) -> None:
    model.graph.node[0].input[1] = "nowhere"


def given_as(node: Any, kind: Any) -> bytes:
    """x · w, its output packed by a node."""

    def pack(model: Any) -> None:
        model.graph.node[0].output[0] = "product"
        model.graph.node.append(node)
        model.graph.output[0].CopyFrom(helper.make_value_info("y", kind))

    return altered(pack)


_TENSOR = helper.make_tensor_type_proto(TensorProto.FLOAT, ["N", 1])


def sequence() -> bytes:
    node = helper.make_node("SequenceConstruct", ["product", "x"], ["y"])
    return given_as(
        node, helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    )


def optional() -> bytes:
    return given_as(
        helper.make_node("Optional", ["product"], ["y"]), helper.make_optional_type_proto(_TENSOR)
    )


def sequence_of_unknown() -> bytes:
    node = helper.make_node("SplitToSequence", ["product"], ["y"])
    return given_as(
        node, helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    )


REWRITTEN: dict[str, tuple[Callable[[], bytes], list[tuple[str, tuple[int, ...], tuple[str, ...]]]]] = {
    "zip map": (zip_map, [("output_label", (-1,), ()), ("output_probability", (-1, 3), ("0", "1", "2"))]),
    "sequence": (sequence, [("y_0", (-1, 1), ()), ("y_1", (-1, 2), ())]),
    "optional": (optional, [("y", (-1, 1), ())]),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_an_output_that_is_no_plain_tensor_is_rewritten_to_what_it_held(name: str, tmp_path: Path) -> None:
    make, expected = REWRITTEN[name]
    model = tmp_path / "model.onnx"
    model.write_bytes(make())
    found = build(Order(model, None, "m", tmp_path / "out" / "m"))
    outputs = found.bundle.signature.outputs
    assert [(each.name, each.shape, each.columns) for each in outputs] == expected
    assert len(found.warnings) == 1
    rows = (
        np.array([[1, 2], [3, 4]], np.float32)
        if name != "zip map"
        else load_iris().data[::50].astype(np.float32)
    )
    (given,) = found.bundle.signature.inputs
    handler = Handler.load(found.bundle)
    answers = handler.predict({given.name: Tensor(given.dtype, rows.shape, rows.tobytes())})
    handler.close()
    last = np.asarray(answers[expected[-1][0]])
    if name == "zip map":
        assert np.allclose(last.sum(axis=1), 1)
    else:
        assert last.tolist() == (rows.tolist() if name == "sequence" else [[3], [7]])


def test_zip_map_inside_gives_what_the_model_with_it_gave(tmp_path: Path) -> None:
    import onnxruntime

    (tmp_path / "model.onnx").write_bytes(zip_map())
    rows = load_iris().data[:5].astype(np.float32)
    maps = onnxruntime.InferenceSession(zip_map()).run(None, {"X": rows})[1]
    found = build(Order(tmp_path / "model.onnx", None, "m", tmp_path / "out" / "m"))
    handler = Handler.load(found.bundle)
    answers = handler.predict(
        {"X": Tensor(found.bundle.signature.inputs[0].dtype, rows.shape, rows.tobytes())}
    )
    handler.close()
    assert np.asarray(answers["output_probability"]).tolist() == [list(each.values()) for each in maps]


NO_ONNX = "not a valid ONNX model|not an ONNX file"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a sequence": (
        sequence_of_unknown,
        "output 'y': is a sequence_type; .* end the graph in ConcatFromSequence",
    ),
    "strings multiplied": (lambda: altered(take_strings), "cannot be opened"),
    "weights elsewhere": (lambda: altered(keep_elsewhere), "should be a relative path"),
    "constant elsewhere": (lambda: altered(keep_constant_elsewhere), "weights.bin"),
    "no shape": (lambda: altered(drop_shape), "declares no shape|not a valid ONNX model"),
    "an ORT file": (
        lambda: b"\x20\x00\x00\x00ORTM" + b"\x00" * 40,
        "is in ONNX Runtime's own format; give it a name that ends in .ort",
    ),
    "complex": (lambda: altered(use_complex), "cannot be served"),
    "dangling": (lambda: altered(cut), "not a valid ONNX model"),
    "empty": (lambda: b"", NO_ONNX),
    "text": (lambda: b"hello, I am no model", NO_ONNX),
    "pickle": (lambda: b"\x80\x04\x95\x00", NO_ONNX),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_served_is_refused_by_name(name: str, tmp_path: Path) -> None:
    make, message = REFUSED[name]
    model = tmp_path / "model.onnx"
    model.write_bytes(make())
    with pytest.raises(ConversionError, match=message):
        built(model, tmp_path)
    assert not (tmp_path / "out").exists()
