"""TensorFlow.js models: written by its own tools (4.22.0), and compared with what TensorFlow.js itself answered.

plain, uint8 and float16 are one SavedModel through tensorflowjs' converter, `layers` was made and saved in JavaScript;
answers.npz holds inputs and what `predict` gave, in Node.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.tensorflow.models import built, shares, sides

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent / "javascript"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

GRAPH = [
    ["ids: int32[any, 5]", "image: float32[any, 8, 8, 3]"],
    ["output_0: float32[any, 3]", "output_1: float32[any, 1]"],
]
LAYERS = [
    ["image: float32[any, 6, 6, 2]", "steps: float32[any, 5, 2]"],
    ["kind: float32[any, 3]", "value: float32[any, 1]"],
]


@pytest.mark.parametrize("name", ["plain", "uint8", "float16", "layers"])
def test_it_answers_as_in_javascript(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / name, tmp_path / "model")
    found = built(folder)
    assert set(shares(found)) == {0}
    assert [sorted(side) for side in sides(found)] == (LAYERS if name == "layers" else GRAPH)
    told = dict(np.load(folder / "answers.npz"))
    handler = Handler.load(found.bundle)
    rows = [
        {spec.name: told[spec.name][row].tolist() for spec in handler.signature.inputs}
        for row in range(len(told["image"]))
    ]
    answers = handler.predict(tensors_from_rows(handler.signature, rows))
    handler.close()
    for output in handler.signature.outputs:
        assert np.asarray(answers[output.name]) == pytest.approx(told[output.name], abs=2e-6)


def test_the_file_is_as_good_as_its_folder(tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / "plain", tmp_path / "model")
    whole, file = built(folder), built(folder / "model.json")
    assert whole.bundle.digest == file.bundle.digest
    assert whole.bundle.manifest["source"]["framework"] == "tensorflow.js"


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of the plain model whose model.json was altered."""
    copy = shutil.copytree(HERE / "plain", folder / "model")
    told = json.loads((copy / "model.json").read_text())
    change(told)
    (copy / "model.json").write_text(json.dumps(told))
    return copy


def shards(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(told: dict[str, Any]) -> None:
        told["weightsManifest"][0]["paths"] = list(names)

    return change


def weight(**entry: Any) -> Callable[[dict[str, Any]], None]:
    return lambda told: told["weightsManifest"][0]["weights"][0].update(entry)


def operator(told: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(node for node in told["modelTopology"]["node"] if node["op"] == kind)
    return found


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a climbing path": (
        shards("../secret.bin"),
        r"keeps weights in '\.\./secret\.bin', outside of its folder",
    ),
    "an absolute path": (shards("/etc/passwd"), "outside of its folder"),
    "an address": (shards("https://example.com/a.bin"), "outside of its folder"),
    "no name": (shards(""), "outside of its folder"),
    "a number for a name": (lambda told: told["weightsManifest"][0].update(paths=[1]), "makes no sense"),
    "a missing shard": (shards("group1-shard9of9.bin"), "is no file beside it"),
    "a folder for a shard": (shards("inner"), "is no file beside it"),
    "a link out of the folder": (shards("link.bin"), "is no file beside it"),
    "too few shards": (shards("group1-shard1of3.bin"), "of another size than its shards"),
    "too many shards": (
        shards(*["group1-shard1of3.bin"] * 9),
        "of another size than its shards, at 'the end'",
    ),
    "a weight too large": (weight(shape=[10**9, 10**9]), "of another size than its shards"),
    "a weight below nothing": (weight(shape=[-1, 3]), "of another size than its shards"),
    "an unknown type": (weight(dtype="complex64"), "has the type 'complex64'; known are float32"),
    "a lost weight": (weight(name="x"), "has no weights for 'StatefulPartitionedCall/functional_1/kind_1"),
    "no manifest": (lambda told: told.pop("weightsManifest"), "weightsManifest that makes no sense"),
    "tables": (lambda told: told.update(modelInitializer={"node": []}), "fills tables when it starts"),
    "an unknown fusion": (
        lambda told: operator(told, "_FusedMatMul")["attr"]["fused_ops"]["list"].update(s=["TG9s"]),
        "uses _FusedMatMul fused with 'Lol'",
    ),
    "a file read": (lambda told: operator(told, "Softmax").update(op="ReadFile"), "uses ReadFile"),
    "an operator nobody has": (lambda told: operator(told, "Softmax").update(op="Softmaxi"), "Softmaxi"),
    "a signature of nothing": (
        lambda told: told["signature"]["outputs"]["output_0"].update(name="gone:0"),
        "names what is not in its graph",
    ),
    "neither graph nor layers": (
        lambda told: told.update(modelTopology={"a": 1}),
        "neither a graph nor layers",
    ),
    "a graph that is none": (lambda told: told["modelTopology"].update(node=[[1]]), "TensorFlow cannot read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    change, message = REFUSED[case]
    folder = changed(tmp_path, change)
    (tmp_path / "secret.bin").write_bytes(bytes(100))
    (folder / "inner").mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ConversionError, match=message):
        built(folder)
    assert not (tmp_path / "out").exists()


def test_without_a_signature_nodes_name_themselves(tmp_path: Path) -> None:
    found = built(changed(tmp_path, lambda told: told.pop("signature")))
    assert [spec.name for spec in found.bundle.signature.outputs] == ["Identity_1", "Identity"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"modelTopology": []}', b'"modelTopology"'])
def test_a_file_of_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_bytes(content)
    with pytest.raises(ConversionError, match=r"cannot be read as JSON|has no modelTopology"):
        built(tmp_path / "model")


def test_layers_of_code_are_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / "layers", tmp_path / "model")
    told = json.loads((folder / "model.json").read_text())
    told["modelTopology"]["config"]["layers"][1]["class_name"] = "Lambda"
    (folder / "model.json").write_text(json.dumps(told))
    with pytest.raises(ConversionError, match=r"\(Lambda\) is stored as code"):
        built(folder)


def test_weights_of_no_layer_are_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / "layers", tmp_path / "model")
    told = json.loads((folder / "model.json").read_text())
    told["weightsManifest"][0]["weights"][0]["name"] = "elsewhere/kernel"
    (folder / "model.json").write_text(json.dumps(told))
    with pytest.raises(ConversionError, match="has weights of no layer: 'elsewhere/kernel'"):
        built(folder)
