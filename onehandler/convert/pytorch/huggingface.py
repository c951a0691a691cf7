"""Hugging Face text classifiers: a folder as save_pretrained writes it, of the model and of its tokenizer.

Clients send texts; the bundle carries the tokenizer, and the graph ends in labels and probabilities.
"""

from __future__ import annotations

import json
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch

from onehandler.convert import Candidate, Conversion
from onehandler.convert.arrays import Arrays
from onehandler.convert.graph import signature_of
from onehandler.convert.pytorch.export import exports
from onehandler.convert.pytorch.files import Kind, first_line
from onehandler.convert.pytorch.originals import Original
from onehandler.convert.pytorch.texts import FILE, INPUT, Texts, texts_of
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onehandler.convert import Options
    from onehandler.convert.pytorch.export import Export
    from onehandler.convert.rows import Answers, Rows

_KIND = "ForSequenceClassification"
_CLIENT = (TensorSpec(INPUT, dtype_named("string"), (ANY,)),)
_UNLIMITED = 512  # tokens, where neither model nor tokenizer has a limit
_TRIED = 2048  # tokens up to which the limit is tried; attention to more would take gigabytes
_TOGETHER = 16 * 1024  # tokens that the original is asked for at once
_TINY = 7  # tokens of the example that is exported


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the folder, ask it, offer its conversions; see `Converter`."""
    options.require_only()
    classifier = _Classifier(_model(path))
    texts = texts_of(path, classifier.taken)
    classifier.require_takes(texts.names, path)
    longest = _longest(classifier, texts, path)
    specs = [TensorSpec(name, dtype_named("int64"), (ANY, ANY)) for name in texts.names]
    original = Original(Kind.STATE, classifier, specs)
    example = {name: torch.ones((2, _TINY), dtype=torch.int64) for name in texts.names}
    expected = partial(_answers, classifier, texts, longest)
    return Conversion(
        columns=_columns(sample),
        candidates=[
            partial(_candidate, export, note, classifier, texts, longest)
            for note, export in exports(original, example, [classifier.output])
        ],
        expected=expected,
        source={
            "framework": "huggingface",
            "class": type(classifier.model).__name__,
            "versions": {name: version(name) for name in ("transformers", "tokenizers", "torch", "onnx")},
        },
        generated=(lambda: {"generated": texts.made_up()}) if sample is None else None,
    )


class _Classifier(torch.nn.Module):  # type: ignore[misc]
    """The model with what its scores mean: probabilities by label, or one number."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.eval()
        self.eval()
        named: Mapping[int, str] = model.config.id2label
        self.labels = [str(named[place]) for place in range(model.config.num_labels)]
        told = model.config.problem_type
        self.kind = told or ("regression" if len(self.labels) == 1 else "single_label_classification")
        self.output = "score" if self.kind == "regression" else "probabilities"

    @property
    def taken(self) -> Sequence[str]:
        """What the model's forward() takes."""
        return tuple(self.model.forward.__annotations__)

    def require_takes(self, names: Sequence[str], path: Path) -> None:
        """Refuse what labels and padding cannot be told of."""
        if self.kind == "regression" and len(self.labels) > 1:
            raise ConversionError(f"gives {len(self.labels)} numbers, no classes", where=str(path))
        if len(set(self.labels)) != len(self.labels):
            raise ConversionError("has two classes of one name in config.json's id2label", where=str(path))
        if "attention_mask" not in names:
            raise ConversionError(
                "takes no attention_mask, so padding would be read as text", where=str(path)
            )

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
        """Probabilities [rows, labels], or scores [rows]."""
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        found = self.model(
            input_ids=input_ids, attention_mask=attention_mask, return_dict=True, **types
        ).logits
        if self.kind == "regression":
            return found[:, 0]
        return found.softmax(-1) if self.kind == "single_label_classification" else found.sigmoid()


def _model(path: Path) -> Any:
    config = _config(path)
    kinds = config.get("architectures") or []
    if "auto_map" in config:
        raise ConversionError(
            "comes with Python code of its own (auto_map), which is not run; save it with a class of transformers",
            where=str(path),
        )
    if not any(str(each).endswith(_KIND) for each in kinds):
        raise ConversionError(
            f"is a {', '.join(map(str, kinds)) or 'model of no named class'}; only text classifiers ({_KIND}) are "
            "built from a folder: export others with torch.export and build from the .pt2",
            where=str(path),
        )
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        model, loading = AutoModelForSequenceClassification.from_pretrained(
            path,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
        )
    except Exception as error:  # noqa: BLE001 - transformers raises anything
        raise ConversionError(
            f"cannot be read ({type(error).__name__}: {first_line(error)}); save it again with save_pretrained",
            where=str(path),
        ) from None
    lacking = sorted(map(str, loading["missing_keys"]))
    if lacking:  # transformers makes such up at random
        raise ConversionError(
            f"lacks {len(lacking)} of the model's weights: {', '.join(lacking[:5])}; was it trained as {kinds[0]}?",
            where=str(path),
        )
    return model


def _config(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConversionError(f"has no readable config.json: {error}"[:200], where=str(path)) from None
    if not isinstance(found, dict):
        raise ConversionError("has a config.json that is no object", where=str(path))
    return found


def _longest(classifier: _Classifier, texts: Texts, path: Path) -> int:
    """The most tokens of a text, tried: some models count their positions from behind the padding token on."""
    limits = [
        limit
        for limit in (
            getattr(classifier.model.config, "max_position_embeddings", None),
            texts.original.model_max_length,
        )
        if limit and limit < 10**6  # transformers' own "no limit" is 10^30
    ]
    most = min(limits, default=_UNLIMITED)
    if most > _TRIED:
        return int(most)
    for limit in (most, most - texts.original.pad_token_id - 1):
        try:
            with torch.no_grad():
                classifier(**texts.encoded(["a " * limit], limit))
        except (IndexError, RuntimeError):
            continue
        return int(limit)
    raise ConversionError(f"cannot read {most} tokens, as its configuration says; mend it", where=str(path))


def _answers(classifier: _Classifier, texts: Texts, longest: int, rows: Rows) -> Answers:
    given = rows.tensors(Signature(_CLIENT, _CLIENT))[INPUT].values()
    rows_at_once = max(1, _TOGETHER // longest)
    parts = [given[start : start + rows_at_once] for start in range(0, len(given), rows_at_once)]
    with torch.no_grad():
        found = np.concatenate([classifier(**texts.encoded(part, longest)).numpy() for part in parts])
    answers = {classifier.output: found}
    if classifier.kind == "single_label_classification":
        labels = np.array(classifier.labels, dtype=object)
        answers["label"] = labels[found.argmax(axis=1)]
    return answers


def _candidate(export: Export, note: str, classifier: _Classifier, texts: Texts, longest: int) -> Candidate:
    graph = export()
    _declare_rows(graph, len(classifier.labels) if classifier.output == "probabilities" else 0)
    if classifier.kind == "single_label_classification":
        _add_labels(graph, classifier.labels)
    columns = {"probabilities": tuple(classifier.labels)}
    model = signature_of(graph, columns)
    return Candidate(
        graph.SerializeToString(deterministic=True),
        Signature(_CLIENT, model.outputs),
        note,
        preprocessing=[texts.step(longest)],
        files={FILE: texts.content(longest)},
    )


def _declare_rows(graph: onnx.ModelProto, width: int) -> None:
    shape = graph.graph.output[0].type.tensor_type.shape
    del shape.dim[:]
    shape.dim.add()
    if width:
        shape.dim.add(dim_value=width)


def _add_labels(graph: onnx.ModelProto, labels: Sequence[str]) -> None:
    """The name of the likeliest class, as the first output."""
    names = onnx.helper.make_tensor(
        "label names", onnx.TensorProto.STRING, [len(labels)], [x.encode() for x in labels]
    )
    graph.graph.initializer.append(names)
    graph.graph.node.extend(
        [
            onnx.helper.make_node("ArgMax", ["probabilities"], ["likeliest"], axis=1, keepdims=0),
            onnx.helper.make_node("Gather", ["label names", "likeliest"], ["label"]),
        ]
    )
    graph.graph.output.insert(0, onnx.helper.make_tensor_value_info("label", onnx.TensorProto.STRING, [None]))


def _columns(sample: Rows | None) -> Sequence[str]:
    """The sample's column of texts: the only one, or that of the name."""
    if sample is None:
        return [INPUT]
    if isinstance(sample, Arrays) or (len(sample.names) > 1 and INPUT not in sample.names):
        raise ConversionError(
            f"must be CSV with a column '{INPUT}'; it has {', '.join(map(repr, sample.names[:5]))}",
            where="--sample",
        )
    return [INPUT] if INPUT in sample.names else sample.names
