"""The examples that need PyTorch run as their docstrings say, from training to an answer over HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from examples.generation import CHARACTERS, Network, build, caches
from onehandler.errors import InvalidInput
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows

ROOT = Path(__file__).parents[3]
MOST = 280  # seconds


def output_of(example: str, folder: Path) -> str:
    command = [sys.executable, "-m", f"examples.{example}", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=MOST)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_pictures_of_digits(tmp_path: Path) -> None:
    said = output_of("images", tmp_path)
    right = re.search(r"right on ([\d.]+)% of 450 digits it has not seen", said)
    assert right
    assert float(right[1]) > 95
    answered = re.search(r"it is a (\d); the answer is (\d) \(", said)
    assert answered
    assert answered[1] == answered[2]


def test_moods_of_sentences(tmp_path: Path) -> None:
    said = output_of("texts", tmp_path)
    assert "the last episode was awful: sad (" in said
    assert "her new book is funny: happy (" in said  # this book, her new song: never these words together


def test_generated_text(tmp_path: Path) -> None:
    said = output_of("generation", tmp_path)
    assert "the river " in said
    assert re.search(r"when the (rain|wind) (comes|turns), the", said)


@pytest.mark.filterwarnings("ignore")
def test_generation_with_a_cache_gives_what_the_model_gives_without(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = Network().eval()  # untrained: its texts are as good as any for this
    handler = Handler.load(str(build(model, tmp_path)))
    prompts = ["the sun", "w"]
    rows = tensors_from_rows(handler.signature, [{"prompt": text, "length": 40} for text in prompts])
    assert handler.predict(rows)["text"].values() == [greedy(model, text, 40) for text in prompts]
    pieces = handler.generate("the sun", 40)  # type: ignore[attr-defined]
    assert next(pieces) == greedy(model, "the sun", 1)  # before the rest is known
    for prompt, length in (("", 5), ("the sun", 0), ("the sun", 201), ("SHOUT", 5)):
        with pytest.raises(InvalidInput):
            handler.predict(tensors_from_rows(handler.signature, [{"prompt": prompt, "length": length}]))
    handler.close()


def greedy(model: Network, prompt: str, length: int) -> str:
    """The likeliest characters, the whole text read anew for each."""
    ids = [CHARACTERS.index(character) for character in prompt]
    with torch.no_grad():
        for _ in range(length):
            ids.append(int(model(torch.tensor([ids]), *caches(1))["scores"][0, -1].argmax()))
    return "".join(CHARACTERS[place] for place in ids[len(prompt) :])
