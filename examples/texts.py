"""Moods of sentences: a tiny text classifier of Hugging Face becomes a bundle that takes texts, asked over HTTP.

    python -m examples.texts build/texts

Needs PyTorch and transformers beside onehandler. A real model is used in the same way: give `onehandler build` the
folder that save_pretrained wrote, of the model and of its tokenizer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from examples.demo.steps import run, say, step
from examples.serving import post, served

MOODS = ("sad", "happy")
_PRAISE = ("wonderful", "moving", "brilliant", "funny", "a joy", "the best of the year")
_BLAME = ("dull", "too long", "awful", "a waste of time", "without any idea", "the worst of the year")
_SUBJECTS = ("the film", "this book", "the play", "her new song", "the last episode", "dinner")
_LINKS = ("was", "is", "was simply", "is really")
SENTENCES = [
    (f"{subject} {link} {judgement}", mood)
    for mood, judgements in enumerate((_BLAME, _PRAISE))
    for subject in _SUBJECTS
    for link in _LINKS
    for judgement in judgements
]


def main(folder: Path) -> None:
    """Train, build, serve, ask."""
    with step(1, "Train a classifier"):
        tokenizer = words()
        model = train(tokenizer)
        model.save_pretrained(folder / "moods")
        tokenizer.save_pretrained(folder / "moods")
    with step(2, "Build a bundle"):
        command = [sys.executable, "-m", "onehandler.cli.main", "build", str(folder / "moods")]
        run([*command, "--name", "moods", "--out", str(folder / "bundles")])
    with step(3, "Serve it, send texts"), served(folder / "bundles" / "moods") as url:
        rows = ["the last episode was awful", "her new book is funny", "dinner was a joy"]
        for text, answer in zip(rows, post(f"{url}/predict", {"rows": rows})["predictions"], strict=True):
            say(f"{text}: {answer['label']} ({answer['probabilities'][answer['label']]:.1%})")


def words() -> PreTrainedTokenizerFast:
    """A tokenizer that knows the words of the sentences."""
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer = Tokenizer(models.WordPiece(unk_token=special["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=list(special.values()))
    tokenizer.train_from_iterator([text for text, _ in SENTENCES], trainer)
    places = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=places)
    names = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=32, model_input_names=names, **special
    )


def train(tokenizer: PreTrainedTokenizerFast) -> BertForSequenceClassification:
    """A BERT of two layers, some seconds of gradient descent."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(MOODS)),
        label2id={mood: place for place, mood in enumerate(MOODS)},
    )
    model = BertForSequenceClassification(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    batch = tokenizer([text for text, _ in SENTENCES], padding=True, return_tensors="pt")
    moods = torch.tensor([mood for _, mood in SENTENCES])
    for _ in range(12):
        for rows in torch.randperm(len(moods)).split(32):
            optimizer.zero_grad()
            model(
                **{name: tensor[rows] for name, tensor in batch.items()}, labels=moods[rows]
            ).loss.backward()
            optimizer.step()
    right = float((model.eval()(**batch).logits.argmax(dim=1) == moods).float().mean())
    say(f"right on {right:.1%} of its {len(moods)} sentences")
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]))
