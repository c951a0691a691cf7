"""SavedModel folders and frozen graphs: signatures, names, fixed sizes, and graphs that reach outside."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from onehandler.convert import Options
from onehandler.convert.options import parsed
from onehandler.convert.tensorflow.imported import tf
from onehandler.errors import ConversionError
from tests.converters.tensorflow.models import MODELS, built, dense, exported, shares, sides

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

FLOATS = tf.TensorSpec([None, 3], tf.float32, name="x")


def saved(folder: Path, *specs: Any, **functions: Callable[..., Any]) -> Path:
    """A SavedModel with these functions as signatures, over a variable of ones."""
    module = tf.Module()
    module.weights = tf.Variable(tf.ones([3, 2]))
    module.functions = {
        name: tf.function(function, input_signature=specs or [FLOATS]) for name, function in functions.items()
    }
    signatures = {name: each.get_concrete_function() for name, each in module.functions.items()}
    tf.saved_model.save(module, folder, signatures=signatures)
    return folder


def summed(x: Any) -> dict[str, Any]:
    return {"total": tf.reduce_sum(x, axis=1), "twice": x * 2}


@pytest.mark.parametrize("name", MODELS)
def test_what_keras_exports_answers_like_it(name: str, tmp_path: Path) -> None:
    found = built(exported(MODELS[name](), tmp_path / "model"))
    assert set(shares(found)) == {0}
    assert found.bundle.manifest["source"]["signature"] == "serving_default"
    assert not any(":" in spec.name for spec in found.bundle.signature.outputs)


def test_one_of_several_signatures(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", serving_default=summed, halves=lambda x: {"half": x / 2})
    default = built(folder)
    assert sides(default) == [
        ["x: float32[any, 3]"],
        ["total: float32[any]", "twice: float32[any, 3]"],
    ]
    halves = built(folder, options=Options(signature="halves"))
    assert sides(halves)[1] == ["half: float32[any, 3]"]
    assert set(shares(default) + shares(halves)) == {0}


def test_a_signature_that_is_not_there(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", a=summed, b=summed)
    with pytest.raises(ConversionError, match="has no signature 'serving_default'; name one of 'a', 'b'"):
        built(folder)
    with pytest.raises(ConversionError, match="--signature: 'c' is not in the model; there are 'a', 'b'"):
        built(folder, options=Options(signature="c"))


def test_outputs_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = saved(
        tmp_path / "model", serving_default=lambda x: {f"output_{number}": x + number for number in range(12)}
    )
    names = [spec.name for spec in built(folder).bundle.signature.outputs]
    assert names == [f"output_{number}" for number in range(12)]


def test_the_only_signature_needs_no_name(tmp_path: Path) -> None:
    assert set(shares(built(saved(tmp_path / "model", only=summed)))) == {0}


def test_an_input_that_nothing_uses_is_taken_all_the_same(tmp_path: Path) -> None:
    specs = [tf.TensorSpec([None, 3], tf.float32, name=name) for name in ("x", "unused")]
    folder = saved(tmp_path / "model", *specs, serving_default=lambda x, unused: {"y": x * 2})
    found = built(folder)
    assert sorted(sides(found)[0]) == ["unused: float32[any, 3]", "x: float32[any, 3]"]
    assert set(shares(found)) == {0}


def test_a_fixed_number_of_rows_becomes_any(tmp_path: Path) -> None:
    spec = tf.TensorSpec([4, 3], tf.float32, name="x")
    folder = saved(tmp_path / "model", spec, serving_default=lambda x: {"y": tf.nn.relu(x)})
    found = built(folder)
    assert sides(found) == [["x: float32[any, 3]"], ["y: float32[any, 3]"]]
    assert set(shares(found)) == {0}


def test_rows_that_look_at_each_other_are_no_rows(tmp_path: Path) -> None:
    """Answers that depend on the batch cannot be served by rows: the original differs from itself."""
    spec = tf.TensorSpec([4, 3], tf.float32, name="x")
    folder = saved(
        tmp_path / "model", spec, serving_default=lambda x: {"y": x - tf.reduce_mean(x, 0, keepdims=True)}
    )
    with pytest.raises(ConversionError, match="differently"):
        built(folder)


def test_one_answer_for_all_rows_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", serving_default=lambda x: {"all": tf.reduce_sum(x)})
    with pytest.raises(ConversionError, match=r"output 'all': has shape \[\], which is not an answer a row"):
        built(folder)


def test_an_input_without_a_shape_is_declared(tmp_path: Path) -> None:
    spec = tf.TensorSpec(None, tf.float32, name="x")
    folder = saved(tmp_path / "model", spec, serving_default=lambda x: {"y": tf.nn.relu(x)})
    with pytest.raises(
        ConversionError, match=r"input 'x': has no shape in the file; say it: --input 'x:float32"
    ):
        built(folder)
    found = built(folder, options=parsed(inputs=["x:float32[any,3]"]))
    assert sides(found) == [["x: float32[any, 3]"], ["y: float32[any, 3]"]]
    with pytest.raises(ConversionError, match="has no input 'z'; its inputs are 'x'"):
        built(folder, options=parsed(inputs=["z:float32[any,3]"]))


def test_channels_stay_where_the_model_has_them(tmp_path: Path) -> None:
    spec = tf.TensorSpec([None, 3, 8, 8], tf.float32, name="pixels")
    folder = saved(
        tmp_path / "model", spec, serving_default=lambda x: {"y": tf.transpose(tf.nn.relu(x), [0, 2, 3, 1])}
    )
    assert sides(built(folder)) == [["pixels: float32[any, 3, 8, 8]"], ["y: float32[any, 8, 8, 3]"]]


def reading(x: Any) -> dict[str, Any]:
    return {"y": x + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)}


def writing(x: Any) -> dict[str, Any]:
    tf.io.write_file("/tmp/onehandler-was-here", "x")
    return {"y": x}


def saving(x: Any) -> dict[str, Any]:
    tf.raw_ops.SaveV2(
        prefix="/tmp/onehandler-was-here", tensor_names=["a"], shape_and_slices=[""], tensors=[x]
    )
    return {"y": x}


def printing(x: Any) -> dict[str, Any]:
    tf.print(x, output_stream="file:///tmp/onehandler-was-here")
    return {"y": x}


def calling(x: Any) -> dict[str, Any]:
    y = tf.py_function(lambda each: each, [x], tf.float32)
    y.set_shape(x.shape)
    return {"y": y}


@pytest.mark.parametrize(
    ("function", "operator"),
    [
        (reading, "ReadFile"),
        (writing, "WriteFile"),
        (saving, "SaveV2"),
        (printing, "PrintV2"),
        (calling, "EagerPyFunc"),
    ],
)
def test_a_graph_that_reaches_outside_is_refused_before_it_runs(
    function: Callable[..., Any], operator: str, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", serving_default=function)
    with pytest.raises(ConversionError, match=rf"uses {operator} \(at '.*'\), which reaches files"):
        built(folder)


def test_an_asset_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", serving_default=summed)
    kind = import_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel
    model = kind.FromString((folder / "saved_model.pb").read_bytes())
    model.meta_graphs[0].asset_file_def.add().filename = "../../etc/passwd"
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(ConversionError, match="has an asset outside of its folder"):
        built(folder)


def of_tensorflow_1(folder: Path, first: Callable[[Any], object]) -> Path:
    """As TensorFlow 1 saved models; `first` makes what its loader runs."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = placeholder(None, 3)
        weights = tf.compat.v1.get_variable("weights", initializer=tf.ones([3, 2]), use_resource=False)
        y = tf.matmul(x, weights, name="y")
        session.run(tf.compat.v1.global_variables_initializer())
        builder = tf.compat.v1.saved_model.Builder(str(folder))
        signature = tf.compat.v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            session, ["serve"], {"serving_default": signature}, main_op=first(weights)
        )
        builder.save()
    return folder


def test_models_of_tensorflow_1(tmp_path: Path) -> None:
    found = built(of_tensorflow_1(tmp_path / "model", lambda _: None))
    assert sides(found) == [["x: float32[any, 3]"], ["y: float32[any, 2]"]]
    assert set(shares(found)) == {0}


def test_what_runs_at_loading_must_not_write(tmp_path: Path) -> None:
    def first(weights: Any) -> object:
        return tf.raw_ops.SaveV2(
            prefix=str(tmp_path / "written"), tensor_names=["a"], shape_and_slices=[""], tensors=[weights]
        )

    with pytest.raises(ConversionError, match="uses SaveV2"):
        built(of_tensorflow_1(tmp_path / "model", first))
    assert not list(tmp_path.glob("written*"))


def with_words(folder: Path, words: Path) -> Path:
    """A table that is filled from a file, which TensorFlow copies to the model's assets."""
    module = tf.Module()
    filled = tf.lookup.TextFileInitializer(
        words, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    module.table = tf.lookup.StaticHashTable(filled, -1)
    text = tf.TensorSpec([None], tf.string, name="text")
    module.call = tf.function(lambda text: {"place": module.table.lookup(text)}, input_signature=[text])
    tf.saved_model.save(module, folder, signatures=module.call.get_concrete_function())
    return folder


def test_a_table_filled_from_the_models_own_file(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("word\nnaïve\na\n")
    found = built(with_words(tmp_path / "model", tmp_path / "words.txt"))
    assert sides(found) == [["text: string[any]"], ["place: int64[any]"]]
    assert set(shares(found)) == {0}


def test_a_table_filled_from_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("word\n")

    def first(_: Any) -> object:
        table = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
        return tf.raw_ops.InitializeTableFromTextFileV2(
            table_handle=table, filename=str(tmp_path / "words.txt"), key_index=-2, value_index=-1
        )

    with pytest.raises(ConversionError, match="from a file that is none of its assets"):
        built(of_tensorflow_1(tmp_path / "model", first))


def test_half_a_folder(tmp_path: Path) -> None:
    folder = exported(dense(), tmp_path / "model")
    for path in (folder / "variables").iterdir():
        path.unlink()
    with pytest.raises(ConversionError, match=r"cannot be loaded: .*; copy the whole folder again"):
        built(folder)


@pytest.mark.parametrize("content", [b"", b"hello", bytes(100), b"\x08\x01"])
def test_a_folder_of_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(content)
    with pytest.raises(ConversionError, match=r"cannot be read; copy|has no graph tagged 'serve'"):
        built(tmp_path / "model")


def frozen(path: Path, build: Callable[[], object]) -> Path:
    """A graph written as .pb."""
    with tf.Graph().as_default() as graph:
        build()
    tf.io.write_graph(graph.as_graph_def(), str(path.parent), path.name, as_text=False)
    return path


def placeholder(*shape: int | None, name: str = "x", kind: Any = tf.float32) -> Any:
    return tf.compat.v1.placeholder(kind, shape or None, name)


def linear() -> None:
    weights = tf.constant(np.random.default_rng(0).normal(size=(3, 2)), tf.float32)
    scores = tf.matmul(placeholder(None, 3), weights)
    tf.nn.softmax(scores, name="scores")
    tf.argmax(scores, axis=1, name="label")


def test_a_frozen_graph_names_inputs_and_outputs_by_its_nodes(tmp_path: Path) -> None:
    found = built(frozen(tmp_path / "model.pb", linear))
    assert sides(found) == [["x: float32[any, 3]"], ["scores: float32[any, 2]", "label: int64[any]"]]
    assert set(shares(found)) == {0}


def test_a_last_node_of_several_outputs_gives_them_all(tmp_path: Path) -> None:
    path = frozen(tmp_path / "model.pb", lambda: tf.math.top_k(placeholder(None, 5), 2, name="best"))
    assert sides(built(path))[1] == ["best: float32[any, 2]", "best_1: int32[any, 2]"]


def test_a_frozen_graph_of_one_row_takes_any(tmp_path: Path) -> None:
    def one_row() -> None:
        pixels = placeholder(1, 4, 4, 1, name="pixels")
        kernel = tf.constant(np.random.default_rng(0).normal(size=(3, 3, 1, 2)), tf.float32)
        inner = tf.nn.conv2d(pixels, kernel, 1, "SAME")
        tf.identity(tf.reshape(inner, [-1, 32]), name="y")

    found = built(frozen(tmp_path / "model.pb", one_row))
    assert sides(found) == [["pixels: float32[any, 4, 4, 1]"], ["y: float32[any, 32]"]]
    assert set(shares(found)) == {0}


def test_loops_and_branches_answer_alike_and_give_the_same_bytes(tmp_path: Path) -> None:
    def looping(x: Any) -> dict[str, Any]:
        def body(step: Any, total: Any) -> tuple[Any, Any]:
            return step + 1, total + x * tf.cast(step, tf.float32)

        _, total = tf.while_loop(lambda step, _: step < 3, body, (0, tf.zeros_like(x)))
        return {"y": tf.cond(tf.shape(x)[1] > 2, lambda: total * 2.0, lambda: total - x)}

    folder = saved(tmp_path / "model", serving_default=looping)
    first = built(folder)
    assert set(shares(first)) == {0}
    assert built(folder).bundle.digest == first.bundle.digest


FROZEN_REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no shape": (lambda: tf.nn.relu(placeholder(), name="y"), "input 'x': has no shape in the file"),
    "one value": (
        lambda: tf.nn.relu(placeholder(None, 2)) + tf.compat.v1.placeholder(tf.float32, [], "rate"),
        "input 'rate': is a single value, not one a row",
    ),
    "a variable": (
        lambda: tf.nn.relu(placeholder(None, 2)) * tf.compat.v1.get_variable("w", [2], use_resource=False),
        "is not frozen: the variable 'w' has no value in it",
    ),
    "a file": (
        lambda: tf.strings.join([placeholder(None, kind=tf.string), tf.io.read_file("/etc/hostname")]),
        "uses ReadFile",
    ),
    "complex numbers": (lambda: tf.math.conj(placeholder(None, 2, kind=tf.complex64)), "complex64"),
    "no outputs": (lambda: placeholder(None, 2), "gives nothing: every node is taken by another"),
    "no inputs": (lambda: tf.constant(1.0) + tf.constant(2.0), "takes no inputs"),
    "an operator": (
        lambda: tf.strings.regex_full_match(placeholder(None, kind=tf.string), "a+", name="matches"),
        r"uses operators that ONNX has not: StaticRegexFullMatch \(at '.*matches",
    ),
}


@pytest.mark.parametrize("case", FROZEN_REFUSED)
def test_a_graph_that_cannot_be_converted_is_told_why(case: str, tmp_path: Path) -> None:
    build, message = FROZEN_REFUSED[case]
    with pytest.raises(ConversionError, match=message):
        built(frozen(tmp_path / "model.pb", build))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 64])
def test_a_file_of_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.pb").write_bytes(content)
    with pytest.raises(ConversionError, match="is not a graph of TensorFlow"):
        built(tmp_path / "model.pb")


def test_the_graph_of_a_saved_model_alone(tmp_path: Path) -> None:
    folder = exported(dense(), tmp_path / "model")
    with pytest.raises(ConversionError, match=f"give its folder: {folder}"):
        built(folder / "saved_model.pb")


def test_strings_in_and_out(tmp_path: Path) -> None:
    def looked_up() -> None:
        tf.gather(
            tf.constant(["no", "yes", "naïve"]), tf.minimum(placeholder(None, kind=tf.int32), 2), name="y"
        )

    found = built(frozen(tmp_path / "model.pb", looked_up))
    assert sides(found) == [["x: int32[any]"], ["y: string[any]"]]
    assert set(shares(found)) == {0}
