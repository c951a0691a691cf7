"""Small networks of the kinds people have; weights are random, and the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from onehandler.convert.build import Built, Order, build
from onehandler.convert.options import parsed


class Convolution(nn.Module):
    """Images; with batch normalisation and dropout, which answer otherwise while they train."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.normal = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.5)
        self.last = nn.Linear(8 * 16, classes)

    def forward(self, pixels: Tensor) -> Tensor:
        found = nn.functional.max_pool2d(torch.relu(self.normal(self.first(pixels))), 2)
        scores: Tensor = self.last(self.drop(found.flatten(1)))
        return scores


class Table(nn.Module):
    """Rows of numbers, in double precision."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)).double()

    def forward(self, rows: Tensor) -> Tensor:
        found: Tensor = self.layers(rows).squeeze(1)
        return found


class Recurrent(nn.Module):
    """Words of any number, by an embedding and an LSTM; answers by name."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(50, 8)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.last = nn.Linear(16, 3)

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        found, _ = self.lstm(self.words(ids))
        return {"scores": self.last(found[:, -1]), "states": found}


class Gated(Recurrent):
    """With a GRU instead."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.GRU(8, 16, num_layers=2, batch_first=True, bidirectional=True)
        self.last = nn.Linear(32, 3)


class InTuple(Recurrent):
    """The same in a tuple: scripts cannot say dicts in ONNX."""

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        found, _ = self.lstm(self.words(ids))
        return self.last(found[:, -1]), found


class Pair(NamedTuple):
    total: Tensor
    large: Tensor


class Several(nn.Module):
    """Two inputs, a third that may be left out; a named tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(4, 3)
        self.right = nn.Linear(5, 3)

    def forward(self, left: Tensor, right: Tensor, scale: Tensor | None = None) -> Pair:
        total = self.left(left) + self.right(right)
        total = total if scale is None else total * scale
        return Pair(total, total > 0)


class Branching(nn.Module):
    """Goes another way for each row, by what it holds: a trace would keep one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        found = self.layer(x)
        if bool((x > 100).any()):
            found = found * 0
        return found


class Wide(nn.Module):
    """Weights of 6 MB, which lie beside the graph."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(16, 1200), nn.ReLU(), nn.Linear(1200, 1200), nn.Linear(1200, 2))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.layers(x)
        return found


class LayersFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 6, num_layers=3, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        return self.lstm(x)


class Eigen(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        found = self.layer(x).reshape(-1, 2, 2)
        return torch.linalg.eigvals(found).real  # this line is named


class Chance(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(self.layer(x))


class Fails(nn.Module):
    def __init__(self, size: int) -> None:
        raise ValueError(f"no such size: {size}")


def function_of_two(classes: int) -> nn.Module:
    """A class path may be any callable that gives a module."""
    return Convolution(classes)


def made(kind: type[nn.Module], *args: Any) -> nn.Module:
    """With weights that are the same every time, and some running means."""
    torch.manual_seed(0)
    model = kind(*args)
    for buffer in model.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    return model


def images(count: int = 20) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(count, 1, 8, 8))


def built(model: Path, sample: Path | None = None, **given: Any) -> Built:
    """Build into `out/m` beside the model; options as on the command line."""
    options = {
        key: given.pop(key) for key in ("inputs", "labels", "model_class", "arguments") if key in given
    }
    target = model.parent / "out" / "m"
    return build(Order(model, sample, "m", target, options=parsed(**options), **given))


def path_of(kind: Any) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
