"""The tokenizer of a Hugging Face folder: as the bundle carries it, and texts made up of its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from onehandler.convert.arrays import Arrays
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INPUT = "text"
FILE = "tokenizer.json"
# What the text step of a bundle's preprocessing can give (docs/bundle.md), by the names that models have for it.
GIVEN = {"input_ids": "ids", "attention_mask": "mask", "token_type_ids": "types"}
_ROWS = 32
_LONGEST = 40  # words of a text made up
# Besides words: nothing, another script, and more than most models take.
_ODD = ("", "今日は世界 🙂", "naïve café — ¿qué?", "a b c " * 700)


@dataclass(frozen=True, slots=True)
class Texts:
    """A tokenizer, and what its model takes of it.

    `original` is Hugging Face's own, which the model was made with; `tokenizer` what the bundle carries.
    """

    original: Any
    tokenizer: Tokenizer
    names: Sequence[str]

    def encoded(self, texts: Sequence[str], max_length: int) -> Any:
        """Tensors by input name, as Hugging Face makes them."""
        found = self.original(
            list(texts), padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        )
        return {name: found[name] for name in self.names}

    def content(self, max_length: int) -> bytes:
        """tokenizer.json with the padding and truncation that the model was made with."""
        copied = Tokenizer.from_str(self.tokenizer.to_str())
        copied.enable_truncation(max_length, direction=self.original.truncation_side)
        copied.enable_padding(
            direction=self.original.padding_side,
            pad_id=self.original.pad_token_id,
            pad_type_id=self.original.pad_token_type_id,
            pad_token=self.original.pad_token,
        )
        content: str = copied.to_str()
        return content.encode()

    def step(self, max_length: int) -> dict[str, Any]:
        """The step of the manifest's preprocessing."""
        return {
            "kind": "text",
            "input": INPUT,
            "tokenizer": FILE,
            "max_length": max_length,
            "gives": {name: GIVEN[name] for name in self.names},
        }

    def made_up(self) -> Arrays:
        """Texts of the tokenizer's own words, and a few odd ones."""
        random = np.random.default_rng(0)
        special = {str(each) for each in self.tokenizer.get_added_tokens_decoder().values()}
        words = [
            self.tokenizer.decode([number])
            for word, number in sorted(self.tokenizer.get_vocab().items())
            if word not in special
        ]
        texts = [
            " ".join(random.choice(words, random.integers(1, _LONGEST))) for _ in range(_ROWS - len(_ODD))
        ]
        return Arrays.of({INPUT: np.array([*texts, *_ODD], dtype=object)}, "made-up texts")


def texts_of(folder: Path, taken: Sequence[str]) -> Texts:
    """The folder's tokenizer; `taken` are the parameters of the model's forward(). ConversionError."""
    from transformers import AutoTokenizer  # seconds

    if not (folder / FILE).is_file():
        raise ConversionError(
            f"has no {FILE}; load its tokenizer with AutoTokenizer (use_fast=True) and save_pretrained it here",
            where=str(folder),
        )
    try:
        original = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokenizer = Tokenizer.from_file(str(folder / FILE))
    except Exception as error:  # noqa: BLE001 - both raise whatever their parsers raise
        raise ConversionError(
            f"has a tokenizer that cannot be read ({type(error).__name__}: {error})"[:400], where=str(folder)
        ) from None
    if original.pad_token is None:
        raise ConversionError(
            "has a tokenizer without a padding token, so texts of different lengths cannot share a batch; set "
            "tokenizer.pad_token and model.config.pad_token_id and save both again",
            where=str(folder),
        )
    names = [name for name in original.model_input_names if name in taken]
    unknown = [name for name in names if name not in GIVEN]
    if unknown or "input_ids" not in names:
        raise ConversionError(
            f"has a tokenizer that gives {', '.join(names) or 'nothing the model takes'}; a bundle's texts become "
            f"{', '.join(GIVEN)}",
            where=str(folder),
        )
    return Texts(original, tokenizer, names)
