"""Texts to token ids, by the tokenizer that the bundle carries (a tokenizer.json of Hugging Face's `tokenizers`).

{"kind": "text", "input": "text", "tokenizer": "tokenizer.json", "max_length": 128,
 "gives": {"input_ids": "ids", "attention_mask": "mask", "token_type_ids": "types"}}

Texts of more than `max_length` tokens are cut there. Shorter ones are filled up to the longest of a run, or to the
size that the model's input has, in the direction and with the token that the tokenizer says.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

from onehandler.errors import BundleError, InvalidInput, TooLarge
from onehandler.preprocessing import MEMBER, members
from onehandler.signature import ANY
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

    from onehandler.bundle import Bundle
    from onehandler.dtypes import DType
    from onehandler.signature import TensorSpec

LONGEST = 100_000  # characters of a text: a tokenizer takes some 0.1 s for them
_TOKENS = 16 * 1024  # of one run
_PARTS = {"ids": "ids", "mask": "attention_mask", "types": "type_ids"}  # as the tokenizer calls them
_PADDINGS = ("[PAD]", "<pad>")  # where the file doesn't say which it is


def step(declared: Mapping[str, Any], inputs: Mapping[str, TensorSpec], bundle: Bundle) -> TextStep:
    """Read the declaration; see onehandler.preprocessing.Make."""
    members(declared, MEMBER, tokenizer=str, max_length=int, gives=dict)
    gives, longest = declared.get("gives", {}), declared.get("max_length", 0)
    if not gives or not set(gives) <= set(inputs) or not all(part in _PARTS for part in gives.values()):
        raise BundleError(f"'gives' must map inputs of the model to {', '.join(_PARTS)}", where=MEMBER)
    if longest < 1:
        raise BundleError("'max_length' must be a number of tokens, at least 1", where=MEMBER)
    specs = {name: inputs[name] for name in gives}
    sizes = {spec.shape[1] if len(spec.shape) == 2 else 0 for spec in specs.values()}
    fits = len(sizes) == 1 and all(spec.dtype.name in ("int64", "int32") for spec in specs.values())
    size = sizes.pop()
    if not fits or not (size == ANY or size >= longest):
        raise BundleError(
            "the inputs that it gives must be int64 or int32 of the shape [any, tokens], with room for 'max_length'",
            where=MEMBER,
        )
    if find_spec("tokenizers") is None:
        raise BundleError(
            "texts need the package 'tokenizers': deploy with --param=\"text=true\", which adds its layer, or "
            "pip install 'onehandler[text]'",
            where=MEMBER,
        )
    path = bundle.path(declared.get("tokenizer", ""))
    return TextStep(path, longest, {name: gives[name] for name in gives}, specs, size)


class TextStep:
    """Implements onehandler.preprocessing.Step. The tokenizer is read when the first text comes."""

    def __init__(
        self, path: str, longest: int, gives: Mapping[str, str], specs: Mapping[str, TensorSpec], size: int
    ) -> None:
        self.gives: Final = tuple(gives)
        self.most_rows: Final = max(1, _TOKENS // longest)
        self._path: Final = path
        self._longest: Final = longest
        self._parts: Final = {name: _PARTS[part] for name, part in gives.items()}
        self._types: Final = {name: spec.dtype for name, spec in specs.items()}
        self._size: Final = size
        self._lock: Final = Lock()
        self._tokenizer: _Tokenizer | None = None

    def check(self, texts: Sequence[str]) -> None:
        """Refuse texts of very many characters."""
        for number, text in enumerate(texts):
            if len(text) > LONGEST:
                raise TooLarge(
                    f"has more than {LONGEST:,} characters; send a part of it", where=f"text {number}"
                )

    def prepare(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Token ids, and whatever else the model takes, one line a text."""
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _Tokenizer(self._path, self._longest)
        encoded = [self._tokenizer.encoded(text, number) for number, text in enumerate(texts)]
        width = self._size if self._size != ANY else max(1, *(len(each.ids) for each in encoded))
        return {
            name: self._tokenizer.filled(
                [getattr(each, part) for each in encoded], part, width, self._types[name]
            )
            for name, part in self._parts.items()
        }


class _Tokenizer:
    """A tokenizer.json as it was read, cutting at so many tokens."""

    def __init__(self, path: str, longest: int) -> None:
        # By name: `step` has seen that it is there, in a layer that not every deployment has. 30 ms.
        tokenizers: Any = import_module("tokenizers")
        try:
            self._tokenizer: Final = tokenizers.Tokenizer.from_file(path)
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            raise BundleError("is no tokenizer.json that 'tokenizers' reads", where=path) from _own(error)
        padding: dict[str, Any] = self._tokenizer.padding or {}
        truncation: dict[str, Any] = self._tokenizer.truncation or {}
        self._before: Final = padding.get("direction") == "left"
        self._fill: Final = {
            "ids": padding.get("pad_id", self._padding()),
            "type_ids": padding.get("pad_type_id", 0),
            "attention_mask": 0,
        }
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest, direction=truncation.get("direction", "right"))

    def encoded(self, text: str, number: int) -> Any:
        """A text's tokens; InvalidInput when this tokenizer cannot read it."""
        try:
            return self._tokenizer.encode(text)
        except BaseException as error:  # noqa: BLE001 - see above
            raise InvalidInput("cannot be read by the model's tokenizer", where=f"text {number}") from _own(
                error
            )

    def filled(self, rows: Sequence[list[int]], part: str, width: int, dtype: DType) -> Tensor:
        """Rows of the same length."""
        values: list[int] = []
        for row in rows:
            filling = [self._fill[part]] * (width - len(row))
            values += filling + row if self._before else row + filling
        return Tensor.of(dtype, (len(rows), width), values)

    def _padding(self) -> int:
        found = (self._tokenizer.token_to_id(token) for token in _PADDINGS)
        return next((number for number in found if number is not None), 0)


def _own(error: BaseException) -> Exception | None:
    """The tokenizer's own fault, a Rust panic among them; any other exception is raised again."""
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        return None
    raise error
