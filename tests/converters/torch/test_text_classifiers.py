"""Hugging Face folders of text classifiers: texts in, labels and probabilities out, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from onehandler.convert.build import Built, Order, build
from onehandler.convert.page import report_page
from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.torch.classifiers import LABELS, LENGTH, NAMES, SENTENCES, save

if TYPE_CHECKING:
    from collections.abc import Callable

# transformers warns of its own future.
pytestmark = pytest.mark.filterwarnings("ignore")


def built(folder: Path, sample: Path | None = None, **given: Any) -> Built:
    return build(Order(folder, sample, "m", folder.parent / "out" / "m", **given))


def clean(found: Built) -> bool:
    return bool(found.comparisons) and {each.share_off for each in found.comparisons} == {0}


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_like_the_original(name: str, tmp_path: Path) -> None:
    model, tokenizer = save(name, tmp_path / "model")
    found = built(tmp_path / "model")
    assert clean(found)
    assert {each.count for each in found.comparisons} == {32}
    signature = found.bundle.signature
    assert [repr(spec) for spec in signature.inputs] == ["TensorSpec(text: string[any])"]
    assert [(spec.name, spec.columns) for spec in signature.outputs] == [
        ("label", ()),
        ("probabilities", tuple(LABELS.values())),
    ]
    (step,) = found.bundle.manifest["preprocessing"]
    assert (step["kind"], step["max_length"]) == ("text", LENGTH)
    handler = Handler.load(found.bundle)
    texts = [*SENTENCES, "", "unmet words 🙂 " * 100]
    answers = handler.predict(tensors_from_rows(signature, texts))
    handler.close()
    given = tokenizer(texts, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
    with torch.no_grad():
        expected = model(**given).logits.softmax(-1).numpy()
    assert np.abs(np.asarray(answers["probabilities"]) - expected).max() < 1e-4
    assert answers["label"].values() == [LABELS[each] for each in expected.argmax(axis=1)]
    assert np.ptp(expected, axis=0).max() > 0.05  # the claim is worth something


def test_several_labels_at_once_and_a_number(tmp_path: Path) -> None:
    save("bert", tmp_path / "several", problem_type="multi_label_classification")
    found = built(tmp_path / "several")
    assert clean(found)
    assert "<svg" in report_page(found)
    assert [spec.name for spec in found.bundle.signature.outputs] == ["probabilities"]
    save("distilbert", tmp_path / "number", labels={0: "stars"})
    found = built(tmp_path / "number")
    assert clean(found)
    assert [repr(spec) for spec in found.bundle.signature.outputs] == ["TensorSpec(score: float32[any])"]


def test_a_sample_of_texts(tmp_path: Path) -> None:
    save("bert", tmp_path / "model")
    rows = "".join(f'{place},"{text}"\n' for place, text in enumerate(SENTENCES))
    (tmp_path / "rows.csv").write_text(f"stars,text\n{rows}")
    found = built(tmp_path / "model", tmp_path / "rows.csv")
    assert clean(found)
    assert {each.rows for each in found.comparisons} == {"training", "held-out"}
    assert found.bundle.manifest["samples"]["rows"][0] == {"text": SENTENCES[0]}
    (tmp_path / "rows.csv").write_text("a,b\n" + "x,y\n" * 6)
    with pytest.raises(ConversionError, match="--sample: must be CSV with a column 'text'; it has 'a', 'b'"):
        built(tmp_path / "model", tmp_path / "rows.csv")


@pytest.mark.parametrize("how", ["dynamic", "static"])
def test_other_forms(how: str, tmp_path: Path) -> None:
    save("bert", tmp_path / "model", hidden_size=256, intermediate_size=512, initializer_range=0.05)
    found = built(tmp_path / "model", quantize=how, optimize=True)
    plain, quantized = found.forms
    assert quantized.size < plain.size / 2
    assert plain.worst < 1e-3
    assert found.note == f"quantized ({how}), optimized"
    kinds = {node.op_type for node in onnx.load(found.bundle.model_path).graph.node}
    assert kinds & {"MatMulInteger", "DynamicQuantizeMatMul", "QLinearMatMul", "QuantizeLinear"}


def configured(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        change(config)
        (folder / "config.json").write_text(json.dumps(config))

    return apply


def drop_head(folder: Path) -> None:
    """As where somebody names the class of a classifier, and saves what was trained without one."""
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("classifier.")}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "another kind": (
        configured(lambda config: config.update(architectures=["BertForMaskedLM"])),
        "is a BertForMaskedLM; only text classifiers",
    ),
    "code of its own": (
        configured(lambda config: config.update(auto_map={"AutoModel": "modeling.Net"})),
        r"Python code of its own \(auto_map\), which is not run",
    ),
    "no class": (configured(lambda config: config.pop("architectures")), "is a model of no named class"),
    "config is no JSON": (lambda folder: (folder / "config.json").write_text("x"), "no readable config.json"),
    "config is a list": (
        lambda folder: (folder / "config.json").write_text("[]"),
        "config.json that is no object",
    ),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer.json; load its"),
    "a broken tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text("{}"),
        "has a tokenizer that cannot be read",
    ),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "cannot be read"),
    "broken weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 100),
        "cannot be read",
    ),
    "no head": (
        drop_head,
        r"lacks 2 of the model's weights: classifier\.bias, classifier\.weight; was it trained",
    ),
    "one name twice": (
        configured(lambda config: config.update(id2label={"0": "a", "1": "a", "2": "b"})),
        "two classes of one name",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_built_is_refused_by_name(name: str, tmp_path: Path) -> None:
    change, message = REFUSED[name]
    save("bert", tmp_path / "model")
    change(tmp_path / "model")
    with pytest.raises(ConversionError, match=message):
        built(tmp_path / "model")
    assert not (tmp_path / "out").exists()


def test_options_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    from onehandler.convert.options import parsed

    save("bert", tmp_path / "model")
    with pytest.raises(ConversionError, match="--class: means nothing for this file"):
        built(tmp_path / "model", options=parsed(model_class="a:B"))
