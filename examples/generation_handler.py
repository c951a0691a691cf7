"""The handler.py of the generation example's bundle: a prompt in, the text that follows out.

One step of the model reads a few characters, with the keys and values that its attention kept of all before them (the
cache), and gives the likeliest next one. So each step costs the same, however long the text has become.

`generate` yields every character as it comes, so that whoever can stream may pass them on. `predict`, which the client
protocols call, waits for the last one. On AWS Lambda nothing else is possible with Python's managed runtime, whose
responses are buffered: a caller of an HTTP API gets all or nothing, within 30 seconds. Keep `length` within that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.handler import Handler
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.tensor import Tensors

MOST = 200  # characters of one answer


class Generator(Handler):
    """Takes prompts and lengths, gives texts."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        with open(self.bundle.path("vocabulary.json"), encoding="utf-8") as file:  # noqa: PTH123 - a start imports little
            self._characters: list[str] = json.load(file)
        self._places = {character: place for place, character in enumerate(self._characters)}

    def predict(self, inputs: Tensors) -> Tensors:
        """Generate for each row; the rows share nothing, as their texts differ in length."""
        self.signature.check_inputs(inputs)
        rows = zip(inputs["prompt"].values(), inputs["length"].values(), strict=True)
        texts = ["".join(self.generate(prompt, length)) for prompt, length in rows]
        return {"text": Tensor.of("string", (len(texts),), texts)}

    def generate(self, prompt: str, length: int) -> Iterator[str]:
        """Characters that follow the prompt, each as soon as it is known."""
        if not 0 < length <= MOST:
            raise InvalidInput(f"must be 1 to {MOST} characters", where="input 'length'")
        if not prompt or not set(prompt) <= self._places.keys():
            raise InvalidInput(
                f"takes these characters: {''.join(self._characters)!r}", where="input 'prompt'"
            )
        step = [self._places[character] for character in prompt]
        cache = self._empty_cache()
        for _ in range(length):
            outputs = self.runtime.run({"ids": Tensor.of("int64", (1, len(step)), step), **cache})
            cache = {"keys": outputs["all_keys"], "values": outputs["all_values"]}
            scores = outputs["scores"].values()[-len(self._characters) :]  # those after the last character
            step = [max(range(len(scores)), key=scores.__getitem__)]
            yield self._characters[step[0]]

    def _empty_cache(self) -> dict[str, Tensor]:
        """Keys and values of no characters: [row, layer, head, character, size]."""
        shapes = {spec.name: spec.shape for spec in self.runtime.signature.inputs}
        _, layers, heads, _, size = shapes["keys"]
        empty = Tensor(dtype_named("float32"), (1, layers, heads, 0, size), b"")
        return {"keys": empty, "values": empty}
