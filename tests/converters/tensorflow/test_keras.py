"""Keras files: every kind of network answers like the original, and nothing stored as code is run."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from onehandler.convert import Options
from onehandler.convert.tensorflow.imported import keras
from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.tensorflow.models import (
    MODELS,
    built,
    dense,
    layers,
    normalized,
    of_texts,
    several,
    shares,
    sides,
    with_code,
)

if TYPE_CHECKING:
    from pathlib import Path

# Keras' and its layers' own, on files of older forms.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

SIDES = {
    "dense": [["x: float32[any, 4]"], ["scores: float32[any, 3]"]],
    "convolution": [["pixels: float32[any, 8, 8, 1]"], ["scores: float32[any, 3]"]],
    "recurrent": [["steps: float32[any, any, 5]"], ["next: float32[any, 1]"]],
    "embedding": [["ids: int32[any, any]"], ["scores: float32[any, 2]"]],
    "several": [
        ["age: float32[any, 1]", "image: float32[any, 4, 4, 3]"],
        ["kind: float32[any, 2]", "value: float32[any, 1]"],
    ],
    "normalized": [["x: float32[any, 4]"], ["y: float32[any, 2]"]],
    "looked up": [["city: string[any, 1]"], ["y: float32[any, 2]"]],
}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", MODELS)
def test_it_answers_like_the_original_under_its_own_names(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    MODELS[name]().save(path)
    found = built(path)
    assert set(shares(found)) == {0}
    assert sides(found) == SIDES[name]


def test_several_sizes_were_tried_where_any_may_come(tmp_path: Path) -> None:
    MODELS["recurrent"]().save(tmp_path / "model.keras")
    found = built(tmp_path / "model.keras")
    assert [each.rows for each in found.comparisons] == ["generated", "generated, other sizes"]


def test_a_table_names_the_columns_and_labels_the_classes(tmp_path: Path) -> None:
    model = dense()
    model.save(tmp_path / "model.keras")
    rows = np.random.default_rng(1).normal(size=(20, 4))
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="a,b,c c,d", comments="")
    found = built(
        tmp_path / "model.keras", sample=tmp_path / "rows.csv", options=Options(labels=["low", "mid", "high"])
    )
    assert [each.rows for each in found.comparisons] == ["training", "held-out", "generated"]
    assert found.bundle.signature.inputs[0].columns == ("a", "b", "c c", "d")
    assert found.bundle.signature.outputs[0].columns == ("low", "mid", "high")
    handler = Handler.load(found.bundle)
    given = dict(zip(("a", "b", "c c", "d"), rows[0].tolist(), strict=True))
    answered = handler.predict(tensors_from_rows(handler.signature, [given]))["scores"]
    handler.close()
    assert np.asarray(answered) == pytest.approx(model.predict(rows[:1], verbose=0), abs=1e-5)


def test_arrays_by_input_name_are_a_sample(tmp_path: Path) -> None:
    several().save(tmp_path / "model.keras")
    random = np.random.default_rng(0)
    np.savez(
        tmp_path / "rows.npz", image=random.random((15, 4, 4, 3), np.float32), age=random.random((15, 1))
    )
    found = built(tmp_path / "model.keras", sample=tmp_path / "rows.npz")
    assert set(shares(found)) == {0}


def test_labels_that_fit_no_output(tmp_path: Path) -> None:
    dense().save(tmp_path / "model.keras")
    with pytest.raises(ConversionError, match="--labels: names 2 classes, which just one output must have"):
        built(tmp_path / "model.keras", options=Options(labels=["a", "b"]))


def test_inputs_of_a_dict_and_outputs_of_a_dict_keep_their_keys(tmp_path: Path) -> None:
    inputs = {"b": keras.Input((2,), name="b"), "a": keras.Input((3,), name="a")}
    both = layers.Concatenate()([inputs["a"], inputs["b"]])
    outputs = {"sum": layers.Dense(1)(both), "kind": layers.Dense(2)(both)}
    keras.Model(inputs, outputs).save(tmp_path / "model.keras")
    found = built(tmp_path / "model.keras")
    assert sides(found) == [
        ["a: float32[any, 3]", "b: float32[any, 2]"],
        ["sum: float32[any, 1]", "kind: float32[any, 2]"],
    ]


def test_an_output_that_comes_twice_has_two_names(tmp_path: Path) -> None:
    inputs = keras.Input((2,), name="x")
    shared = layers.Dense(1, name="y")
    keras.Model(inputs, [shared(inputs), shared(layers.ReLU()(inputs))]).save(tmp_path / "model.keras")
    assert sides(built(tmp_path / "model.keras"))[1] == ["y: float32[any, 1]", "y_1: float32[any, 1]"]


def test_an_input_given_back_is_an_output_too(tmp_path: Path) -> None:
    inputs = keras.Input((2,), name="x")
    keras.Model(inputs, [inputs, layers.Dense(1, name="y")(inputs)]).save(tmp_path / "model.keras")
    found = built(tmp_path / "model.keras")
    assert sides(found)[1] == ["x_output: float32[any, 2]", "y: float32[any, 1]"]
    assert set(shares(found)) == {0}


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    MODELS["convolution"]().save(tmp_path / "model.keras")
    first = built(tmp_path / "model.keras").bundle.digest
    normalized().save(tmp_path / "other.keras")
    built(tmp_path / "other.keras")  # counts names of its own
    assert built(tmp_path / "model.keras").bundle.digest == first


@pytest.mark.parametrize("form", [{"optimize": True}, {"quantize": "dynamic"}, {"quantize": "static"}])
def test_other_forms(form: dict[str, object], tmp_path: Path) -> None:
    MODELS["convolution"]().save(tmp_path / "model.keras")
    found = built(tmp_path / "model.keras", **form)
    assert found.forms[0].form == "as converted"
    assert found.forms[1].worst < 0.1
    assert found.note


def test_texts_that_onnx_cannot_split_are_refused_by_operator(tmp_path: Path) -> None:
    of_texts().save(tmp_path / "model.keras")
    with pytest.raises(
        ConversionError, match=r"uses operators that ONNX has not: StaticRegexReplace \(at '.*Split"
    ):
        built(tmp_path / "model.keras")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_layers_of_code_are_refused_by_name_until_code_is_allowed(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    with_code().save(path)
    with pytest.raises(
        ConversionError, match=r"the layer 'twice' \(Lambda\) is stored as code; .*--allow-code"
    ):
        built(path)
    found = built(path, options=Options(allow_code=True))
    assert set(shares(found)) == {0}
    assert found.bundle.manifest["runtime"] == "onnx"


def test_a_layer_of_ones_own_is_refused_with_what_to_do(tmp_path: Path) -> None:
    class Own(keras.layers.Layer):
        def call(self, x: object) -> object:
            return x

    keras.Sequential([keras.Input((4,)), Own()]).save(tmp_path / "model.keras")
    with pytest.raises(ConversionError, match=r"cannot be read by Keras .*'Own'.*model\.export\(FOLDER\)"):
        built(tmp_path / "model.keras")


def with_hard_sigmoid(path: Path, version: str) -> None:
    """A file as that version of Keras would have written it."""
    model = keras.Sequential(
        [
            keras.Input((3,), name="x"),
            layers.Dense(3, "hard_sigmoid", kernel_initializer="identity", name="y"),
        ]
    )
    model.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = version


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.15.0", [0.3, 0.5, 0.7]), ("3.15.0", [1 / 3, 0.5, 2 / 3])],  # clip(0.2 x + 0.5) and relu6(x + 3) / 6
)
def test_what_changed_its_meaning_keeps_that_of_the_file(
    version: str, expected: list[float], tmp_path: Path
) -> None:
    with_hard_sigmoid(tmp_path / "model.h5", version)
    handler = Handler.load(built(tmp_path / "model.h5").bundle)
    answered = handler.predict(tensors_from_rows(handler.signature, [[-1.0, 0.0, 1.0]]))["y"]
    handler.close()
    assert np.asarray(answered)[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
@pytest.mark.parametrize("size", [0, 1, 100, 3000])
def test_a_truncated_file(suffix: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    whole = tmp_path / f"whole{'.keras' if suffix == '.keras' else '.h5'}"
    dense().save(whole)
    path.write_bytes(whole.read_bytes()[:size])
    with pytest.raises(ConversionError, match="is not a whole Keras model"):
        built(path)


def test_weights_alone(tmp_path: Path) -> None:
    dense().save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ConversionError, match=r"write it with model\.save, not save_weights"):
        built(tmp_path / "model.weights.h5")


def test_a_model_that_does_not_say_what_it_takes(tmp_path: Path) -> None:
    model = keras.Sequential([layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ConversionError, match=r"doesn't say what it takes: load it where you made it"):
        built(tmp_path / "model.keras")


def test_a_description_of_many_bytes_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 65 * 1024 * 1024)
    with pytest.raises(ConversionError, match="its description has 68,157,440 bytes"):
        built(tmp_path / "model.keras")


def test_a_module_named_in_the_file_is_not_imported(tmp_path: Path) -> None:
    dense().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts["config.json"])
    told["config"]["layers"][1] |= {"module": "os", "class_name": "system", "config": "true"}
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, content in {**parts, "config.json": json.dumps(told)}.items():
            archive.writestr(name, content)
    with pytest.raises(ConversionError, match="cannot be read by Keras"):
        built(tmp_path / "model.keras")
