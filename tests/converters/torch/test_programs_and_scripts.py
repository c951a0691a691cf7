"""Programs of torch.export, TorchScript, and files that are neither."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from onehandler.errors import ConversionError
from tests.converters.torch.networks import Convolution, InTuple, Recurrent, Several, built, images, made

if TYPE_CHECKING:
    from onehandler.convert.build import Built

ANY = torch.export.Dim.DYNAMIC
# PyTorch itself warns that scripting will go.
pytestmark = pytest.mark.filterwarnings("ignore")


def program(model: Any, folder: Path, shapes: Any, *args: Any, **named: Any) -> Path:
    exported = torch.export.export(model, args, named, dynamic_shapes=shapes)
    torch.export.save(exported, folder / "m.pt2")
    return folder / "m.pt2"


def script(model: Any, folder: Path) -> Path:
    torch.jit.script(model.eval()).save(str(folder / "m.pt"))
    return folder / "m.pt"


def clean(found: Built) -> bool:
    return bool(found.comparisons) and {each.share_off for each in found.comparisons} == {0}


def test_a_program_says_what_it_takes(tmp_path: Path) -> None:
    model = made(Convolution).eval()
    found = built(program(model, tmp_path, {"pixels": {0: ANY}}, torch.randn(2, 1, 8, 8)))
    assert clean(found)
    assert [repr(spec) for spec in found.bundle.signature.inputs] == [
        "TensorSpec(pixels: float32[any, 1, 8, 8])"
    ]
    assert found.bundle.manifest["source"]["class"] == "ExportedProgram"


class Sum(Several):
    def forward(self, left: torch.Tensor, *, right: torch.Tensor) -> Any:
        return {"total": self.left(left) + self.right(right), "twice": (left * 2, right * 2)}


def test_a_program_with_inputs_by_place_and_by_name(tmp_path: Path) -> None:
    shapes = {"left": {0: ANY}, "right": {0: ANY}}
    path = program(Sum().eval(), tmp_path, shapes, torch.randn(2, 4), right=torch.randn(2, 5))
    random = np.random.default_rng(0)
    sample = tmp_path / "rows.npz"
    np.savez(sample, left=random.normal(size=(20, 4)), right=random.normal(size=(20, 5)))
    for rows in (None, sample):
        found = built(path, rows)
        assert clean(found)
        assert [spec.name for spec in found.bundle.signature.inputs] == ["left", "right"]
        names = [each.name for each in found.bundle.signature.outputs]
        assert names == ["total", "twice_0", "twice_1"]


@pytest.mark.parametrize("sampled", [False, True])
def test_a_script(sampled: bool, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", images())
    path = script(made(Convolution), tmp_path)
    inputs = [] if sampled else ["pixels:float32[any,1,8,8]"]
    found = built(path, tmp_path / "rows.npy" if sampled else None, inputs=inputs)
    assert clean(found)
    assert found.bundle.signature.inputs[0].shape == (-1, 1, 8, 8)
    assert found.bundle.manifest["source"]["class"] == "ScriptModule Convolution"


def test_a_script_with_words_of_any_number(tmp_path: Path) -> None:
    found = built(script(made(InTuple), tmp_path), inputs=["ids:int64[any,any]"])
    assert clean(found)
    assert [each.name for each in found.bundle.signature.outputs] == ["output_0", "output_1"]
    assert found.bundle.signature.outputs[1].shape == (-1, -1, 16)


def test_a_script_that_gives_a_dict_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="'prim::DictConstruct'; return a tuple instead of a dict"):
        built(script(made(Recurrent), tmp_path), inputs=["ids:int64[any,any]"])


def test_a_script_with_an_input_left_out(tmp_path: Path) -> None:
    inputs = ["left:float32[any,4]", "right:float32[any,5]"]
    assert clean(built(script(made(Several), tmp_path), inputs=inputs))


def test_sizes_that_cannot_be_tried_are_told(tmp_path: Path) -> None:
    class Even(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(x.shape[0], -1, 5).sum(1)  # takes sizes that five divides

    np.savez(tmp_path / "rows.npz", x=np.random.default_rng(0).normal(size=(10, 15)))
    found = built(script(Even(), tmp_path), tmp_path / "rows.npz", inputs=["x:float32[any,any]"])
    assert clean(found)
    assert "sizes other than the sample's were not compared" in " ".join(found.warnings)


def test_a_traced_script_that_kept_its_batch_is_refused(tmp_path: Path) -> None:
    class Baked(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(int(x.shape[0]), -1) + torch.arange(int(x.shape[0]))[:, None]

    torch.jit.trace(Baked(), torch.randn(3, 4)).save(str(tmp_path / "m.pt"))
    with pytest.raises(ConversionError, match=r"--sample: is needed: the model answers no rows"):
        built(tmp_path / "m.pt", inputs=["x:float32[any,4]"])


def test_the_content_tells_not_the_name(tmp_path: Path) -> None:
    path = script(made(Convolution), tmp_path).rename(tmp_path / "m.pth")
    assert clean(built(path, inputs=["pixels:float32[any,1,8,8]"]))


def test_a_whole_pickled_module_is_refused_with_advice(tmp_path: Path) -> None:
    torch.save(made(Convolution), tmp_path / "m.pth")
    with pytest.raises(
        ConversionError, match=r"pickled with code \(.*Convolution.*save torch\.save\(model\.state_"
    ):
        built(tmp_path / "m.pth", inputs=["pixels:float32[any,1,8,8]"])


class Harm:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("harmed"),)


@pytest.mark.parametrize("place", ["weights", "sample inputs"])
def test_a_pickle_hidden_in_a_program_does_not_run(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = program(made(Convolution).eval(), tmp_path, {"pixels": {0: ANY}}, torch.randn(2, 1, 8, 8))
    pickled = io.BytesIO()
    torch.save({"first.weight": Harm()}, pickled)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    config = next(name for name in contents if name.endswith("weights/model_weights_config.json"))
    if place == "weights":
        contents[config] = (
            contents[config]
            .replace(b'"use_pickle":false', b'"use_pickle":true')
            .replace(b'"use_pickle": false', b'"use_pickle": true')
        )
        changed = {name: pickled.getvalue() for name in contents if "weights/weight_" in name}
    else:
        changed = {name: pickled.getvalue() for name in contents if name.endswith("sample_inputs/model.pt")}
    assert changed
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (contents | changed).items():
            archive.writestr(name, content)
    with pytest.raises(ConversionError, match="cannot be read"):
        built(path)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no file of PyTorch"),
        (b"hello", "is no file of PyTorch"),
        (b"\x80\x02}q\x00.", "no state dict|cannot"),
    ],
)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pt2"])
def test_other_files(suffix: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / f"m{suffix}").write_bytes(content)
    with pytest.raises(ConversionError, match=message):
        built(tmp_path / f"m{suffix}")


def test_a_program_for_one_number_of_rows_is_refused(tmp_path: Path) -> None:
    path = program(made(Convolution).eval(), tmp_path, None, torch.randn(2, 1, 8, 8))
    with pytest.raises(ConversionError, match=r"'pixels': takes \[2, 1, 8, 8\].*dynamic_shapes"):
        built(path)


def test_a_program_exported_while_it_trained_is_refused(tmp_path: Path) -> None:
    path = program(made(Convolution).train(), tmp_path, {"pixels": {0: ANY}}, torch.randn(2, 1, 8, 8))
    with pytest.raises(ConversionError, match=r"differs each time .* call model\.eval\(\)"):
        built(path)


def test_options_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    path = program(made(Convolution).eval(), tmp_path, {"pixels": {0: ANY}}, torch.randn(2, 1, 8, 8))
    with pytest.raises(ConversionError, match="--class: means nothing for this file"):
        built(path, model_class="networks:Convolution")
