"""Loading and serving a bundle, with and without a handler of its own."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.bundle import Bundle
from onehandler.errors import BundleError, InvalidInput, ModelError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from onehandler.tensor import Tensor
from tests import bundles
from tests.bundles import ROW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETTINGS = Settings({})
OWN = b"""
from onehandler.handler import Handler
from onehandler.tensor import Tensor

class Doubling(Handler):
    def preprocess(self, inputs):
        return {"X": Tensor.of("float32", inputs["X"].shape, [2 * value for value in inputs["X"].values()])}

    def postprocess(self, outputs):
        return {**outputs, "label": Tensor.of("int64", (1,), [len(self.bundle.name)])}
"""


def with_own(folder: Path, code: bytes) -> str:
    model, inputs, outputs, sample = bundles._MODELS["iris"]()
    return bundles.write(folder / "own", "iris", model, inputs, outputs, sample, files={"handler.py": code})


def iris_tensor(rows: int = 1) -> dict[str, Tensor]:
    return {"X": Tensor.of("float32", (rows, 4), ROW * rows)}


def test_it_predicts_named_tensors(iris: Handler) -> None:
    outputs = iris.predict(iris_tensor(3))
    assert [(name, tensor.shape) for name, tensor in outputs.items()] == [
        ("label", (3,)),
        ("probabilities", (3, 3)),
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "is missing; the model takes 'X'"),
        ({"X": Tensor.of("float64", (1, 4), ROW)}, "takes float32, float64 came"),
        ({"X": Tensor.of("float32", (4,), ROW)}, r"takes shape \[any, 4\], \[4\] came"),
        ({"X": Tensor.of("float32", (1, 4), ROW), "Y": Tensor.of("bool", (), [True])}, "does not have"),
    ],
)
def test_it_refuses_what_the_signature_does_not_take(
    inputs: dict[str, Tensor], message: str, iris: Handler
) -> None:
    with pytest.raises(InvalidInput, match=message):
        iris.predict(inputs)


def test_rows_must_be_as_many_in_each_input(handler_of: Callable[[str], Handler]) -> None:
    inputs = {"a": Tensor.of("float32", (1,), [1]), "b": Tensor.of("float32", (2,), [1, 2])}
    with pytest.raises(InvalidInput, match="'a' 1, 'b' 2"):
        handler_of("division").predict(inputs)


def test_a_model_that_fails_is_a_model_error(handler_of: Callable[[str], Handler]) -> None:
    with pytest.raises(ModelError, match="99"):
        handler_of("lookup").predict({"index": Tensor.of("int64", (1,), [99])})


def test_many_threads_share_it(iris: Handler) -> None:
    expected = iris.predict(iris_tensor())["probabilities"].values()
    found: list[Any] = []

    def ask() -> None:
        found.extend(iris.predict(iris_tensor())["probabilities"].values() == expected for _ in range(200))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 1600


def test_a_bundles_own_handler_pre_and_postprocesses(tmp_path: Path) -> None:
    own = Handler.load(with_own(tmp_path, OWN), SETTINGS)
    plain = Handler.load(bundles.build("iris", tmp_path), SETTINGS)
    doubled = {"X": Tensor.of("float32", (1, 4), [2 * value for value in ROW])}
    outputs = own.predict(iris_tensor())
    assert type(own).__name__ == "Doubling"
    assert outputs["probabilities"].values() == plain.predict(doubled)["probabilities"].values()
    assert outputs["label"].values() == [4]


OF_TEXTS = b"""
from onehandler.handler import Handler
from onehandler.tensor import Tensor

class Reading(Handler):
    def preprocess(self, inputs):
        rows = [text.split(",") for text in inputs["line"].values()]
        return {"X": Tensor.of("float32", (len(rows), len(rows[0])), [float(cell) for row in rows for cell in row])}
"""


def test_a_bundles_own_handler_may_take_other_things_than_the_model(tmp_path: Path) -> None:
    model, _, outputs, _ = bundles._MODELS["iris"]()
    takes = [bundles.spec("line", "string", [-1])]
    folder = bundles.write(
        tmp_path / "own", "iris", model, takes, outputs, [], files={"handler.py": OF_TEXTS}
    )
    handler = Handler.load(folder, SETTINGS)
    line = ",".join(map(str, ROW))
    assert handler.predict({"line": Tensor.of("string", (1,), [line])})["label"].shape == (1,)
    with pytest.raises(InvalidInput, match=r"takes shape \[any, 4\], \[1, 2\] came"):
        handler.predict({"line": Tensor.of("string", (1,), ["1,2"])})


@pytest.mark.parametrize(
    "code",
    [b"", b"x = 1\n", b"from onehandler.handler import Handler\n", OWN + OWN.replace(b"Doubling", b"Other")],
)
def test_a_handler_py_needs_exactly_one_handler(code: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="must define one subclass of Handler"):
        Handler.load(with_own(tmp_path, code), SETTINGS)


def test_loading_a_handler_py_leaves_nothing_in_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = with_own(tmp_path, OWN)
    for _ in range(2):  # a file that no manifest lists would keep it from being loaded again
        Handler.load(path, SETTINGS).close()
    assert not list(tmp_path.rglob("__pycache__"))


def test_an_altered_handler_py_is_not_executed(tmp_path: Path) -> None:
    path = with_own(tmp_path, OWN)
    executed = tmp_path / "executed"
    evil = f"open({str(executed)!r}, 'w')\n".encode()
    (tmp_path / "own" / "handler.py").write_bytes(evil.ljust(len(OWN), b"#"))
    with pytest.raises(UntrustedBundle, match="sha256 differs"):
        Handler.load(path, SETTINGS)
    assert not executed.exists()


def test_the_settings_may_pin_the_bundle(tmp_path: Path) -> None:
    path = bundles.build("iris", tmp_path)
    digest = Bundle.load(path).digest
    assert Handler.load(path, Settings({"ONEHANDLER_BUNDLE_DIGEST": digest.upper()})).bundle.digest == digest
    with pytest.raises(UntrustedBundle, match="the deployment pins"):
        Handler.load(path, Settings({"ONEHANDLER_BUNDLE_DIGEST": "0" * 64}))


def test_a_manifest_must_declare_the_models_own_tensors(tmp_path: Path) -> None:
    signature = {
        "inputs": [bundles.spec("X", "float64", [-1, 4])],
        "outputs": [bundles.spec("label", "int64", [-1]), bundles.spec("probabilities", "float32", [-1, 3])],
    }
    with pytest.raises(BundleError, match=r"inputs .*float64.* are not the model's .*float32"):
        Handler.load(bundles.build("iris", tmp_path, signature=signature), SETTINGS)


def test_an_unknown_runtime_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there is no runtime 'abacus'; there are onnx"):
        Handler.load(bundles.build("iris", tmp_path, runtime="abacus"), SETTINGS)


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    handler = Handler.load(bundles.build("iris", tmp_path), SETTINGS)
    handler.close()
    handler.close()
