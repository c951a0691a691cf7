"""Tiny text classifiers of Hugging Face, with tokenizers trained here; written as save_pretrained does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES = [
    "the film was wonderful and moving",
    "a dull film without any idea",
    "I loved every minute of it",
    "what a waste of an evening",
    "not bad, but far too long",
    "the best acting of the year",
]
LABELS = {0: "negative", 1: "neutral", 2: "positive"}
LENGTH = 32  # tokens


def _word_pieces() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(
        SENTENCES, trainers.WordPieceTrainer(vocab_size=150, special_tokens=special)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=LENGTH,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _byte_pairs() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )


def save(name: str, folder: Path, **config: Any) -> Any:
    """Write the classifier of that name into `folder`; gives model and tokenizer."""
    torch.manual_seed(0)
    labels = config.pop("labels", LABELS)
    named = {"id2label": labels, "label2id": {label: place for place, label in labels.items()}}
    kind, settings, make, small = _KINDS[name]
    tokenizer = make()
    # Large weights: answers that differ from text to text, or equal ones would prove nothing.
    words = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id, "initializer_range": 0.5}
    model = kind(settings(**{**words, **small, **named, **config})).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model, tokenizer


_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
_DISTILLED = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
_KINDS: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "bert": (
        BertForSequenceClassification,
        BertConfig,
        _word_pieces,
        {**_SMALL, "max_position_embeddings": LENGTH},
    ),
    "distilbert": (
        DistilBertForSequenceClassification,
        DistilBertConfig,
        _word_pieces,
        {**_DISTILLED, "max_position_embeddings": LENGTH},
    ),
    "roberta": (
        RobertaForSequenceClassification,
        RobertaConfig,
        _byte_pairs,
        {**_SMALL, "max_position_embeddings": LENGTH + 2},
    ),
}
NAMES = tuple(_KINDS)
