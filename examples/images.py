"""Handwritten digits: a small network of PyTorch becomes a bundle that takes pictures, and is asked over HTTP.

    python -m examples.images build/images

Needs PyTorch and Pillow beside onehandler. Trains on scikit-learn's digits: 1,797 pictures of 8 by 8 grey pixels.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from examples.demo.steps import run, say, step
from examples.serving import post, served

# What the server does to a picture that a client sends, before the network gets it.
PREPROCESSING = [
    {
        "kind": "image",
        "input": "image",  # what clients call it
        "gives": "pixels",  # what forward() calls it
        "mode": "L",  # shades of grey
        "size": [8, 8],
        "scale": 1 / 255,  # from 0..255 to 0..1
    }
]


class Network(nn.Module):  # type: ignore[misc]
    """Two convolutions; gives the probability of each digit."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.3),
            nn.Flatten(),
            nn.Linear(32 * 4 * 4, 10),
        )

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Take [rows, 1, 8, 8]; the name of the output is the one that clients see."""
        return {"probabilities": self.layers(pixels).softmax(dim=1)}


def main(folder: Path) -> None:
    """Train, build, serve, ask."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels, digits = load_digits(return_X_y=True)
    pixels = (pixels / 16).astype("float32").reshape(-1, 1, 8, 8)
    known, unseen, known_digits, unseen_digits = train_test_split(
        pixels, digits, test_size=0.25, random_state=0
    )
    with step(1, "Train a network"):
        model = train(known, known_digits)
        right = float((predicted(model, unseen) == unseen_digits).mean())
        say(f"right on {right:.1%} of {len(unseen)} digits it has not seen")
    with step(2, "Build a bundle"):
        bundle = build(model, known, folder)
    with step(3, "Serve it, send a picture"), served(bundle) as url:
        picture = png(unseen[0, 0])
        (folder / "digit.png").write_bytes(picture)
        say(f"$ curl {url}/predict -H 'content-type: image/png' --data-binary @{folder / 'digit.png'}")
        answer = post(f"{url}/predict", picture, "image/png")["predictions"][0]
        best = max(answer, key=answer.get)
        say(f"it is a {unseen_digits[0]}; the answer is {best} ({answer[best]:.1%})")


def train(pixels: np.ndarray[Any, Any], digits: np.ndarray[Any, Any]) -> Network:
    """Thirty rounds of gradient descent: some seconds."""
    torch.manual_seed(0)
    model = Network()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    inputs, targets = torch.from_numpy(pixels), torch.from_numpy(digits)
    for _ in range(30):
        for rows in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            loss = nn.functional.nll_loss(model(inputs[rows])["probabilities"].log(), targets[rows])
            loss.backward()
            optimizer.step()
    model.eval()  # dropout is for training only
    return model


def predicted(model: Network, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The likeliest digit of each picture."""
    with torch.no_grad():
        found: np.ndarray[Any, Any] = model(torch.from_numpy(pixels))["probabilities"].argmax(dim=1).numpy()
    return found


def build(model: Network, sample: np.ndarray[Any, Any], folder: Path) -> Path:
    """Export the network with any number of rows, and let `onehandler build` compare the result with it."""
    shapes = {"pixels": {0: torch.export.Dim.DYNAMIC}}
    program = torch.export.export(model, (torch.from_numpy(sample[:2]),), dynamic_shapes=shapes)
    torch.export.save(program, folder / "digits.pt2")
    np.savez(folder / "sample.npz", pixels=sample)
    (folder / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
    (folder / "preprocessing.json").write_text(json.dumps(PREPROCESSING))
    command = [
        sys.executable,
        "-m",
        "onehandler.cli.main",
        "build",
        str(folder / "digits.pt2"),
        "--name",
        "digits",
    ]
    for name in ("sample.npz", "labels.txt", "preprocessing.json"):
        command += [f"--{name.partition('.')[0]}", str(folder / name)]
    run([*command, "--out", str(folder)])
    return folder / "digits"


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    """A picture file of a digit, twenty times as large as the network takes it."""
    written = io.BytesIO()
    grey = Image.fromarray((pixels * 255).round().astype("uint8"))
    grey.resize((160, 160), Image.Resampling.NEAREST).save(written, "PNG")
    return written.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
