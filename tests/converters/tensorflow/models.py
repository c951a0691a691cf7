"""Small networks of Keras, and builds of what they are saved to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert import Options
from onehandler.convert.build import Built, Order, build
from onehandler.convert.tensorflow.imported import keras, quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

layers = keras.layers


def dense() -> Any:
    return keras.Sequential(
        [keras.Input((4,), name="x"), layers.Dense(8, "relu"), layers.Dense(3, "softmax", name="scores")]
    )


def convolution() -> Any:
    inputs = keras.Input((8, 8, 1), name="pixels")
    inner = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(inputs))
    inner = layers.Flatten()(layers.MaxPooling2D()(inner))
    return keras.Model(inputs, layers.Dense(3, name="scores")(inner))


def recurrent() -> Any:
    return keras.Sequential(
        [keras.Input((None, 5), name="steps"), layers.LSTM(4), layers.Dense(1, name="next")]
    )


def embedding() -> Any:
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32", name="ids"),
            layers.Embedding(10, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2, name="scores"),
        ]
    )


def several() -> Any:
    """Two inputs, two outputs."""
    age, image = keras.Input((1,), name="age"), keras.Input((4, 4, 3), name="image")
    both = layers.Concatenate()([age, layers.GlobalAveragePooling2D()(image)])
    return keras.Model(
        [age, image], [layers.Dense(2, "softmax", name="kind")(both), layers.Dense(1, name="value")(both)]
    )


def normalized() -> Any:
    scale = layers.Normalization(name="scale")
    scale.adapt(np.random.default_rng(0).normal(5, 3, (50, 4)))
    return keras.Sequential([keras.Input((4,), name="x"), scale, layers.Dense(2, name="y")])


def looked_up() -> Any:
    """Strings to places in a vocabulary to vectors."""
    city = keras.Input((1,), dtype="string", name="city")
    places = layers.StringLookup(vocabulary=["a", "word", "naïve"])(city)
    return keras.Model(city, layers.Dense(2, name="y")(layers.Flatten()(layers.Embedding(4, 3)(places))))


def of_texts() -> Any:
    split = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    split.adapt(["a word", "two words"])
    text = keras.Input((1,), dtype="string", name="text")
    return keras.Model(text, layers.Flatten()(layers.Embedding(20, 2)(split(text))))


def with_code() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2, name="twice")])


MODELS: dict[str, Callable[[], Any]] = {
    "dense": dense,
    "convolution": convolution,
    "recurrent": recurrent,
    "embedding": embedding,
    "several": several,
    "normalized": normalized,
    "looked up": looked_up,
}


def built(path: Path, *, options: Options | None = None, **order: Any) -> Built:
    """Build from a file or folder; rows are made up unless a sample is given."""
    target = path.parent / "out" / "m"
    return build(Order(path, order.pop("sample", None), "m", target, options=options or Options(), **order))


def exported(model: Any, folder: Path) -> Path:
    """The model as a SavedModel, without the table that Keras prints of it."""
    with quiet():
        model.export(folder, verbose=False)
    return folder


def shares(found: Built) -> list[float]:
    """Of each comparison, how many rows were off."""
    return [each.share_off for each in found.comparisons]


def sides(found: Built) -> list[list[str]]:
    """Inputs and outputs as text."""
    signature = found.bundle.signature
    return [
        [f"{spec.name}: {spec.dtype.name}{spec.shape_text}" for spec in side]
        for side in (signature.inputs, signature.outputs)
    ]
