"""State dicts and safetensors with the class they belong to: like the original, or refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.torch import networks
from tests.converters.torch.networks import (
    Branching,
    Chance,
    Convolution,
    Eigen,
    Fails,
    Gated,
    LayersFirst,
    Recurrent,
    Several,
    Table,
    Wide,
    built,
    function_of_two,
    images,
    made,
    path_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.convert.build import Built

PIXELS = "pixels:float32[any,1,8,8]"


def saved(model: torch.nn.Module, folder: Path) -> Path:
    torch.save(model.state_dict(), folder / "m.pth")
    return folder / "m.pth"


def arrays(folder: Path, **named: Any) -> Path:
    np.savez(folder / "rows.npz", **named)
    return folder / "rows.npz"


def outputs(found: Built) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(each.name, each.dtype.name, each.shape) for each in found.bundle.signature.outputs]


def clean(found: Built) -> bool:
    return bool(found.comparisons) and {each.share_off for each in found.comparisons} == {0}


def test_a_convolution_answers_like_the_original_at_every_batch_size(tmp_path: Path) -> None:
    model = made(Convolution)
    sample = arrays(tmp_path, pixels=images(), digit=np.arange(20))
    found = built(saved(model, tmp_path), sample, model_class=path_of(Convolution), drop="digit")
    assert clean(found)
    assert [(each.rows, each.count) for each in found.comparisons] == [("training", 16), ("held-out", 4)]
    assert outputs(found) == [("output", "float32", (-1, 3))]
    assert found.bundle.manifest["source"]["versions"]["torch"].startswith("2.")
    handler = Handler.load(found.bundle)
    samples = found.bundle.manifest["samples"]
    answered = np.asarray(handler.predict(tensors_from_rows(handler.signature, samples["rows"]))["output"])
    handler.close()
    rows = torch.from_numpy(images()[[0, 5, 10]]).float()  # every fifth is held out
    with torch.no_grad():
        assert np.allclose(answered, model.eval()(rows).numpy(), atol=1e-5)


def test_rows_are_made_up_where_inputs_are_declared(tmp_path: Path) -> None:
    found = built(saved(made(Convolution), tmp_path), model_class=path_of(Convolution), inputs=[PIXELS])
    assert clean(found)
    assert [(each.rows, each.count) for each in found.comparisons] == [("generated", 32)]


def test_labels_name_the_classes(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\ncow\n")
    weights = saved(made(Convolution), tmp_path)
    found = built(weights, model_class=path_of(Convolution), inputs=[PIXELS], labels=tmp_path / "labels.txt")
    assert found.bundle.signature.outputs[0].columns == ("cat", "dog", "cow")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    with pytest.raises(ConversionError, match=r"--labels: names 2 classes; .* 'output' \[-1, 3\]"):
        built(weights, model_class=path_of(Convolution), inputs=[PIXELS], labels=tmp_path / "labels.txt")


def test_a_table_names_its_columns_and_keeps_double_precision(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 3))
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="a,mean radius,c", comments="")
    found = built(saved(made(Table), tmp_path), tmp_path / "rows.csv", model_class=path_of(Table))
    assert max(each.worst for each in found.comparisons) < 1e-12
    (spec,) = found.bundle.signature.inputs
    assert (spec.dtype.name, spec.columns) == ("float64", ("a", "mean radius", "c"))
    assert outputs(found) == [("output", "float64", (-1,))]
    assert found.bundle.manifest["baseline"]["mean radius"]["count"] == 24


@pytest.mark.parametrize("sampled", [False, True])
def test_words_of_any_number(sampled: bool, tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 50, (10, 5))
    sample = arrays(tmp_path, ids=ids) if sampled else None
    given = {"model_class": path_of(Recurrent), "inputs": ["ids:int64[any,any]"]}
    found = built(saved(made(Recurrent), tmp_path), sample, **given)
    assert clean(found)
    expected = {"generated", "generated, other sizes"} | ({"training", "held-out"} if sampled else set())
    assert {each.rows for each in found.comparisons} == expected
    assert outputs(found) == [("scores", "float32", (-1, 3)), ("states", "float32", (-1, -1, 16))]


def test_several_inputs_by_name_and_one_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    sample = arrays(tmp_path, right=random.normal(size=(20, 5)), left=random.normal(size=(20, 4)))
    found = built(saved(made(Several), tmp_path), sample, model_class=path_of(Several))
    assert clean(found)
    assert [spec.name for spec in found.bundle.signature.inputs] == ["left", "right"]
    assert outputs(found) == [("total", "float32", (-1, 3)), ("large", "bool", (-1, 3))]


def test_both_branches_are_kept(tmp_path: Path) -> None:
    """torch.export refuses it; a trace would be wrong without a word."""
    rows = np.random.default_rng(0).normal(size=(20, 4))
    found = built(saved(made(Branching), tmp_path), arrays(tmp_path, x=rows), model_class=path_of(Branching))
    assert found.note == "PyTorch's exporter for TorchScript"
    handler = Handler.load(found.bundle)
    inputs = tensors_from_rows(handler.signature, [[1.0, 1.0, 1.0, 1000.0]])
    assert handler.predict(inputs)["output"].values() == [0, 0, 0, 0]
    handler.close()


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_what_training_loops_save_is_understood(prefix: str, tmp_path: Path) -> None:
    weights = {f"{prefix}{name}": tensor for name, tensor in made(Convolution).state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "m.pth")
    assert clean(built(tmp_path / "m.pth", model_class=path_of(Convolution), inputs=[PIXELS]))


def test_safetensors_and_class_arguments(tmp_path: Path) -> None:
    save_file(made(Convolution, 7).state_dict(), tmp_path / "m.safetensors")
    given: dict[str, Any] = {"inputs": [PIXELS], "arguments": ["classes=7"]}
    for kind in (Convolution, function_of_two):
        found = built(tmp_path / "m.safetensors", model_class=path_of(kind), **given)
        assert outputs(found) == [("output", "float32", (-1, 7))]


def test_large_weights_lie_beside_the_graph(tmp_path: Path) -> None:
    found = built(saved(made(Wide), tmp_path), model_class=path_of(Wide), inputs=["x:float32[any,16]"])
    files = found.bundle.manifest["files"]
    assert files["model.onnx.data"]["bytes"] > 5_000_000
    assert files["model.onnx"]["bytes"] < 50_000


@pytest.mark.parametrize("how", ["dynamic", "static"])
def test_other_forms(how: str, tmp_path: Path) -> None:
    sample = arrays(tmp_path, x=np.random.default_rng(0).normal(size=(50, 16)))
    given = {"model_class": path_of(Wide), "quantize": how, "optimize": True}
    found = built(saved(made(Wide), tmp_path), sample, **given)
    plain, quantized = found.forms
    assert quantized.size < plain.size / 3
    assert plain.worst < 1e-4 < quantized.worst < 0.1
    assert found.note == f"quantized ({how}), optimized"


@pytest.mark.parametrize("kind", [Recurrent, Gated])
def test_two_builds_are_alike_and_name_no_folder(kind: type[torch.nn.Module], tmp_path: Path) -> None:
    weights = saved(made(kind), tmp_path)
    given = {"model_class": path_of(kind), "inputs": ["ids:int64[any,any]"]}
    first, second = built(weights, **given).bundle, built(weights, **given).bundle
    assert first.digest == second.digest
    graph = onnx.load(second.model_path)
    assert not any(node.metadata_props or node.doc_string for node in graph.graph.node)
    assert b".py" not in graph.SerializeToString()


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no class": (
        Convolution,
        {"model_class": ""},
        r"holds weights \(9 tensors.*--class package\.module:Class",
    ),
    "no module": (Convolution, {"model_class": "nowhere:Net"}, "there is no module 'nowhere'"),
    "no such class": (Convolution, {"model_class": f"{networks.__name__}:Nothing"}, "no attribute 'Nothing'"),
    "no class path": (Convolution, {"model_class": "networks.Convolution"}, r"needs package\.module:Class"),
    "no module made": (Convolution, {"model_class": "builtins:dict"}, "gives a dict, no torch.nn.Module"),
    "class fails": (
        Convolution,
        {"model_class": path_of(Fails), "arguments": ["size=2"]},
        r"cannot be made \(ValueError: no such size: 2\); see --class-argument",
    ),
    "another class": (
        Convolution,
        {"model_class": path_of(Table)},
        "has other weights than .*: lacks 'layers",
    ),
    "another size": (Convolution, {"arguments": ["classes=4"]}, "size mismatch for last.weight"),
    "no inputs": (Convolution, {"inputs": []}, "--input for each of 'pixels'"),
    "other inputs": (
        Convolution,
        {"inputs": ["image:float32[any,1,8,8]"]},
        "takes 'pixels'; came besides: 'image'",
    ),
    "not JSON": (Convolution, {"arguments": ["classes=x"]}, "needs a value as JSON"),
    "not an input": (Convolution, {"inputs": ["pixels"]}, r"--input: needs name:type\[sizes\]"),
    "fixed rows": (Convolution, {"inputs": ["pixels:float32[4,1,8,8]"]}, "must begin with any"),
    "no type": (Convolution, {"inputs": ["pixels:float[any,1,8,8]"]}, "no element type 'float'"),
    "wrong sizes": (
        Convolution,
        {"inputs": ["pixels:float32[any,3,8,8]"]},
        "expected input.* to have 1 channels",
    ),
    "layers first": (
        LayersFirst,
        {"inputs": ["x:float32[any,5,4]"]},
        r"output 'output_1_0': has shape \[3, 32, 6\] for 32 rows; each output needs the rows first",
    ),
    "an operator": (
        Eigen,
        {"inputs": ["x:float32[any,4]"]},
        r"networks\.py:\d+ in forward: PyTorch has no ONNX for the operator 'aten\.linalg_eig'",
    ),
    "chance": (Chance, {"inputs": ["x:float32[any,4]"]}, "differs each time the same rows are asked"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_built_is_refused_by_name(name: str, tmp_path: Path) -> None:
    kind, given, message = REFUSED[name]
    given = {"model_class": path_of(kind), "inputs": [PIXELS], **given}
    weights = saved(made(kind), tmp_path)
    with pytest.raises(ConversionError, match=message):
        built(weights, **given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("kind", "rows", "message"),
    [
        (Convolution, {"pixels": np.ones((9, 3, 8, 8))}, "RuntimeError: .*to have 1 channels"),
        (Recurrent, {"ids": np.full((9, 4), 50)}, "IndexError: index out of range"),
        (Convolution, {"image": images()}, "takes 'pixels'; came besides: 'image'; lacking: 'pixels'"),
    ],
)
def test_a_sample_that_the_model_cannot_answer_is_refused(
    kind: type[torch.nn.Module], rows: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConversionError, match=f"--sample: .*{message}"):
        built(saved(made(kind), tmp_path), arrays(tmp_path, **rows), model_class=path_of(kind))
    assert not (tmp_path / "out").exists()
