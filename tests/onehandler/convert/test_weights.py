"""Large weights in a file of their own: the same answers, mapped where they lie, and refused when they don't fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onehandler.bundle import Bundle
from onehandler.bundle_archive import pack
from onehandler.convert import weights
from onehandler.convert.build import Order, build
from onehandler.errors import ConversionError, SettingsError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 1100  # 4.8 MB of weights, no multiple of a page
WEIGHTS = (np.arange(WIDTH * WIDTH, dtype=np.float32).reshape(WIDTH, WIDTH) % 97 - 48) / WIDTH
ROW = np.linspace(-1, 1, WIDTH, dtype=np.float32)
EXPECTED = ROW @ WEIGHTS + np.arange(WIDTH, dtype=np.float32)


def model_of(kind: Callable[[np.ndarray[Any, Any], str], onnx.TensorProto]) -> onnx.ModelProto:
    """y = x · w + b."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", WIDTH])],
        [kind(WEIGHTS, "w"), kind(np.arange(WIDTH, dtype=np.float32), "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def raw(values: np.ndarray[Any, Any], name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(values, name)


def typed(values: np.ndarray[Any, Any], name: str) -> onnx.TensorProto:
    return helper.make_tensor(name, TensorProto.FLOAT, values.shape, values.ravel())


def inside(folder: Path) -> Path:
    onnx.save(model_of(raw), folder / "m.onnx")
    return folder / "m.onnx"


def as_numbers(folder: Path) -> Path:
    onnx.save(model_of(typed), folder / "m.onnx")
    return folder / "m.onnx"


def one_file(folder: Path) -> Path:
    onnx.save(
        model_of(raw), folder / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0
    )
    return folder / "m.onnx"


def a_file_each(folder: Path) -> Path:
    onnx.save(
        model_of(raw),
        folder / "m.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=False,
        size_threshold=0,
    )
    return folder / "m.onnx"


def answer(bundle: Bundle, rows: int = 1) -> np.ndarray[Any, Any]:
    handler = Handler.load(bundle, Settings({}))
    given = np.tile(ROW, (rows, 1))
    found = handler.predict({"x": Tensor.of("float32", given.shape, given.ravel().tolist())})
    handler.close()
    return np.asarray(found["y"])


@pytest.mark.parametrize("make", [inside, as_numbers, one_file, a_file_each])
def test_weights_end_up_beside_the_graph(make: Callable[[Path], Path], tmp_path: Path) -> None:
    bundle = build(Order(make(tmp_path), None, "m", tmp_path / "out")).bundle
    assert sorted(bundle.manifest["files"]) == ["model.onnx", "model.onnx.data"]
    assert Path(bundle.model_path).stat().st_size < 10_000
    graph = onnx.load(bundle.model_path, load_external_data=False).graph
    offsets = [
        each.value for tensor in graph.initializer for each in tensor.external_data if each.key == "offset"
    ]
    assert all(int(offset) % 4096 == 0 for offset in offsets)
    assert np.allclose(answer(bundle), EXPECTED, atol=1e-3)
    assert np.allclose(answer(bundle, 7), np.tile(EXPECTED, (7, 1)), atol=1e-3)


def test_the_same_model_gives_the_same_bundle(tmp_path: Path) -> None:
    model = one_file(tmp_path)
    digests = {build(Order(model, None, "m", tmp_path / name)).bundle.digest for name in ("one", "two")}
    assert len(digests) == 1


def test_an_archive_holds_them_too(tmp_path: Path) -> None:
    bundle = build(Order(inside(tmp_path), None, "m", tmp_path / "out")).bundle
    pack(Path(bundle.folder), tmp_path / "m.tar.gz")
    assert np.allclose(answer(Bundle.load(str(tmp_path / "m.tar.gz"))), EXPECTED, atol=1e-3)


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    bundle = build(Order(inside(tmp_path), None, "m", tmp_path / "out")).bundle
    with Path(f"{bundle.model_path}.data").open("r+b") as file:
        file.write(b"\xff")
    with pytest.raises(UntrustedBundle, match="its sha256 differs"):
        Bundle.load(bundle.folder)


def test_small_weights_stay_where_they_are(tmp_path: Path) -> None:
    assert WEIGHTS.nbytes > weights.LARGE
    small = model_of(raw)
    del small.graph.initializer[0]
    del small.graph.node[0]
    small.graph.node[0].input[0] = "x"
    onnx.save(small, tmp_path / "m.onnx")
    bundle = build(Order(tmp_path / "m.onnx", None, "m", tmp_path / "out")).bundle
    assert list(bundle.manifest["files"]) == ["model.onnx"]
    assert Path(bundle.model_path).read_bytes() == (tmp_path / "m.onnx").read_bytes()


def shortened(model: Path) -> None:
    file = model.with_name("w.bin")
    file.write_bytes(file.read_bytes()[:-1])


def removed(model: Path) -> None:
    model.with_name("w.bin").unlink()


def linked(model: Path) -> None:
    file = model.with_name("w.bin")
    file.rename(model.parent.parent / "elsewhere.bin")
    file.symlink_to(model.parent.parent / "elsewhere.bin")


def told_otherwise(key: str, value: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        model = onnx.load(path, load_external_data=False)
        for entry in model.graph.initializer[0].external_data:
            if entry.key == key:
                entry.value = value
        path.write_bytes(model.SerializeToString())

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shortened, "end at byte|not a valid ONNX model"),
        (removed, "is no file beside it|not a valid ONNX model"),
        (linked, "is no file beside it|not a valid ONNX model"),
        (told_otherwise("location", "../elsewhere.bin"), "own folder|not a valid ONNX model"),
        (told_otherwise("length", "40"), "have 40 bytes, their shape needs|not a valid ONNX model"),
        (told_otherwise("offset", "4096000"), "end at byte|not a valid ONNX model"),
    ],
)
def test_weights_that_are_not_there_are_refused(
    change: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    model = one_file(tmp_path / "in")
    change(model)
    with pytest.raises(ConversionError, match=message):
        build(Order(model, None, "m", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_prepacking_answers_the_same_and_is_told_by_0_or_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = build(Order(inside(tmp_path), None, "m", tmp_path / "out")).bundle
    monkeypatch.setenv("ONEHANDLER_PREPACK", "1")
    assert np.allclose(answer(bundle, 3), np.tile(EXPECTED, (3, 1)), atol=1e-3)
    monkeypatch.setenv("ONEHANDLER_PREPACK", "yes")
    with pytest.raises(SettingsError, match="ONEHANDLER_PREPACK: must be 0 or 1"):
        answer(bundle)
