"""Text generation: a tiny causal model with a key-value cache, in a bundle whose handler.py runs the loop.

    python -m examples.generation build/generation

Needs PyTorch beside onehandler. The model learns a few sentences by heart, character by character.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from examples.demo.steps import run, say, step
from examples.serving import post, served
from onehandler.bundle import Bundle
from onehandler.bundle_writer import Draft, write_bundle
from onehandler.dtypes import dtype_named
from onehandler.handler import Handler
from onehandler.signature import ANY, Signature, TensorSpec

TEXT = (
    "the sun rises in the east and sets in the west. the river runs from the hills to the sea. "
    "when the rain comes, the river grows; when the wind turns, the birds fly south. "
)
CHARACTERS = sorted(set(TEXT))
LAYERS, HEADS, SIZE = 2, 4, 16
LONGEST = 512  # characters that the model can place
# What clients see; the model itself takes ids and caches.
CLIENTS = Signature(
    [TensorSpec("prompt", dtype_named("string"), (ANY,)), TensorSpec("length", dtype_named("int64"), (ANY,))],
    [TensorSpec("text", dtype_named("string"), (ANY,))],
)


class Layer(nn.Module):  # type: ignore[misc]
    """Attention to what came before, then two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        width = HEADS * SIZE
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries, self.keys, self.values = (nn.Linear(width, width) for _ in range(3))
        self.joined = nn.Linear(width, width)
        self.mixed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(
        self, found: Tensor, keys: Tensor, values: Tensor, seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Take the new characters and the cache of the others; give both with the new ones in the cache."""
        rows, new, width = found.shape

        def heads(each: Tensor) -> Tensor:
            return each.view(rows, new, HEADS, SIZE).transpose(1, 2)

        normal = self.first(found)
        keys = torch.cat([keys, heads(self.keys(normal))], dim=2)
        values = torch.cat([values, heads(self.values(normal))], dim=2)
        scores = heads(self.queries(normal)) @ keys.transpose(2, 3) / SIZE**0.5
        weights = scores.masked_fill(~seen, float("-inf")).softmax(dim=-1)
        found = found + self.joined((weights @ values).transpose(1, 2).reshape(rows, new, width))
        return found + self.mixed(self.second(found)), keys, values


class Network(nn.Module):  # type: ignore[misc]
    """Characters to scores of the next one; caches are [row, layer, head, character, size]."""

    def __init__(self) -> None:
        super().__init__()
        self.characters = nn.Embedding(len(CHARACTERS), HEADS * SIZE)
        self.places = nn.Embedding(LONGEST, HEADS * SIZE)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.last = nn.Linear(HEADS * SIZE, len(CHARACTERS))

    def forward(self, ids: Tensor, keys: Tensor, values: Tensor) -> dict[str, Tensor]:
        """Scores for each new character, and the caches with it."""
        past, new = keys.shape[3], ids.shape[1]
        places = torch.arange(past, past + new)
        seen = torch.arange(past + new)[None, :] <= places[:, None]
        found = self.characters(ids) + self.places(places)
        all_keys, all_values = [], []
        for number, layer in enumerate(self.layers):
            found, kept_keys, kept_values = layer(found, keys[:, number], values[:, number], seen)
            all_keys.append(kept_keys)
            all_values.append(kept_values)
        return {
            "scores": self.last(found),
            "all_keys": torch.stack(all_keys, dim=1),
            "all_values": torch.stack(all_values, dim=1),
        }


def main(folder: Path) -> None:
    """Train, build, generate here, then over HTTP."""
    folder.mkdir(parents=True, exist_ok=True)
    with step(1, "Train a model"):
        model = train()
    with step(2, "Build a bundle"):
        bundle = build(model, folder)
    with step(3, "Generate here, character by character"):
        handler = Handler.load(str(bundle))
        say("the river" + "".join(handler.generate("the river", 60)))  # type: ignore[attr-defined]
        handler.close()
    with step(4, "Serve it, send a prompt"), served(bundle) as url:
        answer = post(f"{url}/predict", {"rows": [{"prompt": "when the", "length": 60}]})
        say("when the" + answer["predictions"][0])


def caches(rows: int, characters: int = 0) -> tuple[Tensor, Tensor]:
    """Keys and values of so many characters; of none at the start."""
    return torch.zeros(rows, LAYERS, HEADS, characters, SIZE), torch.zeros(
        rows, LAYERS, HEADS, characters, SIZE
    )


def train() -> Network:
    """Some hundred steps over pieces of the text: half a minute."""
    torch.manual_seed(0)
    model = Network()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    text = torch.tensor([CHARACTERS.index(character) for character in TEXT * 2])
    for _ in range(150):
        starts = torch.randint(0, len(TEXT), (16,))
        pieces = torch.stack([text[start : start + 65] for start in starts])
        scores = model(pieces[:, :-1], *caches(16))["scores"]
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), pieces[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    say(f"learned {len(TEXT)} characters, loss {loss.item():.3f}")
    model.eval()
    return model


def build(model: Network, folder: Path) -> Path:
    """Convert the model, then put it into a bundle with the loop and the vocabulary."""
    any_size = torch.export.Dim.DYNAMIC
    cache = {0: any_size, 3: any_size}
    shapes = {"ids": {0: any_size, 1: any_size}, "keys": cache, "values": cache}
    example = (torch.zeros(2, 3, dtype=torch.int64), *caches(2, 5))
    torch.export.save(torch.export.export(model, example, dynamic_shapes=shapes), folder / "model.pt2")
    command = [sys.executable, "-m", "onehandler.cli.main", "build", str(folder / "model.pt2")]
    run([*command, "--name", "steps", "--out", str(folder)])
    return assembled(Bundle.load(str(folder / "steps")), folder / "generation")


def assembled(model: Bundle, target: Path) -> Path:
    """A bundle of the converted model and a handler that clients send prompts to."""
    draft = Draft(
        name="generation",
        version="1",
        runtime="onnx",
        model="model.onnx",
        signature=CLIENTS,
        files={
            "model.onnx": Path(model.model_path).read_bytes(),
            "handler.py": Path(__file__).with_name("generation_handler.py").read_bytes(),
            "vocabulary.json": json.dumps(CHARACTERS).encode(),
        },
        source=model.manifest["source"],
        parity=model.manifest["parity"],
    )
    write_bundle(draft, target)
    return target


if __name__ == "__main__":
    main(Path(sys.argv[1]))
