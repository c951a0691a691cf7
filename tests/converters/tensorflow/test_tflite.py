"""TFLite files in every kind of weights, compared with TFLite's own interpreter."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from onehandler.convert import Options
from onehandler.convert.tensorflow.imported import keras, quiet, tf
from onehandler.errors import ConversionError
from tests.converters.tensorflow.models import MODELS, built, exported, layers, shares, sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

SIZES = {"dense": (4,), "convolution": (8, 8, 1), "embedding": (6,)}
KINDS = ("float", "float16", "integers inside", "integers")


def converter_of(name: str, folder: Path) -> Any:
    model = MODELS[name]()
    if name == "embedding":  # TFLite wants to know how many
        model = keras.Sequential([keras.Input((6,), dtype="int32", name="ids"), *model.layers])
    return tf.lite.TFLiteConverter.from_saved_model(str(exported(model, folder / "exported")))


def rows(name: str) -> Iterator[list[Any]]:
    random = np.random.default_rng(0)
    for _ in range(30):
        if name == "embedding":
            yield [random.integers(0, 10, (1, 6)).astype(np.int32)]
        else:
            yield [random.normal(size=(1, *SIZES[name])).astype(np.float32)]


def written(converter: Any, folder: Path) -> Path:
    with quiet():
        content = converter.convert()
    (folder / "model.tflite").write_bytes(content)
    return folder / "model.tflite"


def lite(name: str, kind: str, folder: Path) -> Path:
    converter = converter_of(name, folder)
    if kind != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind.startswith("integers"):
        converter.representative_dataset = lambda: rows(name)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if kind == "integers":
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return written(converter, folder)


# TFLite's converter cannot put integers around an embedding: places in its table stay 32-bit.
CASES = [(name, kind) for name in SIZES for kind in KINDS if (name, kind) != ("embedding", "integers")]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_answers_like_the_interpreter(name: str, kind: str, tmp_path: Path) -> None:
    found = built(lite(name, kind, tmp_path))
    assert set(shares(found)) == {0}
    [taken], [given] = sides(found)
    type_of_all = "int8" if kind == "integers" else "float32"
    sizes = ", ".join(map(str, ("any", *SIZES[name])))
    if name != "embedding":
        assert taken.partition(": ")[2] == f"{type_of_all}[{sizes}]"
    assert given == f"output_0: {type_of_all}[any, {2 if name == 'embedding' else 3}]"


def test_names_are_the_signatures_own(tmp_path: Path) -> None:
    found = built(written(converter_of("several", tmp_path), tmp_path))
    assert sorted(sides(found)[0]) == ["age: float32[any, 1]", "image: float32[any, 4, 4, 3]"]
    assert sorted(sides(found)[1]) == ["output_0: float32[any, 2]", "output_1: float32[any, 1]"]
    assert set(shares(found)) == {0}


def of_function(folder: Path, *specs: Any, function: Callable[..., Any]) -> Path:
    concrete = tf.function(function).get_concrete_function(*specs)
    return written(tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module()), folder)


def test_a_file_for_one_row_takes_any(tmp_path: Path) -> None:
    kernel = tf.constant(np.random.default_rng(0).normal(size=(3, 3, 1, 2)), tf.float32)

    def function(pixels: Any) -> Any:
        return tf.nn.softmax(tf.reshape(tf.nn.conv2d(pixels, kernel, 1, "SAME"), [1, 32]))

    found = built(of_function(tmp_path, tf.TensorSpec([1, 4, 4, 1], name="pixels"), function=function))
    assert sides(found)[0] == ["pixels: float32[any, 4, 4, 1]"]
    assert set(shares(found)) == {0}


def test_a_file_for_one_row_whose_rows_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    def function(x: Any) -> Any:
        return x - tf.reduce_mean(x)  # of one row; of all rows it would be another

    with pytest.raises(ConversionError, match="differently"):
        built(of_function(tmp_path, tf.TensorSpec([1, 3], name="x"), function=function))


def test_weights_quantized_alone_differ_and_say_by_how_much(tmp_path: Path) -> None:
    """TFLite quantizes what comes between layers anew for every row, in another way than ONNX does."""
    model = keras.Sequential([keras.Input((64,), name="x"), layers.Dense(128, "relu"), layers.Dense(10)])
    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported(model, tmp_path / "exported")))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    path = written(converter, tmp_path)
    with pytest.raises(ConversionError, match=r"differs by 0\.0.*see --tolerance"):
        built(path)
    assert set(shares(built(path, tolerance=0.05))) == {0}


def test_labels_and_signature(tmp_path: Path) -> None:
    path = lite("dense", "float", tmp_path)
    found = built(path, options=Options(labels=["a", "b", "c"], signature="serving_default"))
    assert found.bundle.signature.outputs[0].columns == ("a", "b", "c")
    with pytest.raises(
        ConversionError, match="--signature: the file has 'serving_default'; name one of them"
    ):
        built(path, options=Options(signature="other"))


def test_an_operator_that_onnx_has_not(tmp_path: Path) -> None:
    converter = converter_of("recurrent", tmp_path)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    converter._experimental_lower_tensor_list_ops = False
    with pytest.raises(ConversionError, match=r"cannot be read as a TFLite model: .*Flex"):
        built(written(converter, tmp_path))


@pytest.mark.parametrize("form", [{"optimize": True}, {"quantize": "dynamic"}])
def test_other_forms(form: dict[str, object], tmp_path: Path) -> None:
    assert len(built(lite("dense", "float", tmp_path), **form).forms) == 2


@pytest.mark.parametrize("size", [0, 1200])
def test_a_truncated_file(size: int, tmp_path: Path) -> None:
    path = lite("dense", "float", tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ConversionError, match="cannot be read as a TFLite model"):
        built(path)


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = lite("convolution", "integers", tmp_path)
    assert built(path).bundle.digest == built(path).bundle.digest


def test_a_file_that_ends_its_reader_does_not_end_the_build(tmp_path: Path) -> None:
    """A convolution in integers with two bytes changed: TFLite 2.21 reads beyond its memory."""
    path = shutil.copy(Path(__file__).with_name("damaged.tflite"), tmp_path / "model.tflite")
    with pytest.raises(ConversionError, match="its reader fails; convert the original again"):
        built(path)
