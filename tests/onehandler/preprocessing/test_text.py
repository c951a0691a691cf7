"""Texts as token ids: what `tokenizers` makes of them, cut and filled up."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from onehandler.errors import BundleError, InvalidInput, TooLarge
from onehandler.handler import Handler
from onehandler.message import Request
from tests import bundles, prepared
from tests.prepared import TEXT_STEP, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.lists(st.sampled_from([*WORDS, "other"]), max_size=9).map(" ".join),
    min_size=1,
    max_size=5,
)


def tokens(handler: Handler, texts: list[str]) -> dict[str, Any]:
    """What the model gets."""
    steps: Any = handler.runtime
    return {name: tensor.nested() for name, tensor in steps._steps["text"].prepare(texts).items()}


def opened(tmp_path: Path, **options: Any) -> Handler:
    return Handler.load(prepared.review(tmp_path / "review", **options))


@given(TEXTS)
def test_tokens_are_those_of_the_library(handler_of: Callable[[str], Handler], texts: list[str]) -> None:
    reference = prepared.tokenizer()
    reference.enable_truncation(6)
    reference.enable_padding(pad_id=0, pad_token="[PAD]")
    expected = reference.encode_batch(texts)
    found = tokens(handler_of("review"), texts)
    assert found["input_ids"] == [each.ids for each in expected]
    assert found["attention_mask"] == [each.attention_mask for each in expected]


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_a_model_of_one_size_gets_that_size(dtype: str, tmp_path: Path) -> None:
    handler = opened(tmp_path, dtype=dtype, width=8)
    assert tokens(handler, ["good", ""]) == {
        "input_ids": [[2, 4, 3, 0, 0, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0, 0]],
        "attention_mask": [[1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0]],
    }
    handler.close()


def test_padding_is_as_the_file_says(tmp_path: Path) -> None:
    tokenizer = prepared.tokenizer()
    tokenizer.enable_padding(direction="left", pad_id=9, pad_type_id=1, pad_token="Łódź")
    tokenizer.enable_truncation(3, direction="left")
    handler = opened(tmp_path, files={"tokenizer.json": tokenizer.to_str().encode()})
    assert tokens(handler, ["good", "the film is good bad"])["input_ids"] == [
        [9, 9, 9, 2, 4, 3],
        [2, 6, 8, 4, 5, 3],
    ]
    handler.close()


def test_a_tokenizer_without_special_tokens_gives_at_least_one(tmp_path: Path) -> None:
    plain = Tokenizer(WordLevel({"a": 5, "[UNK]": 6}, unk_token="[UNK]"))
    handler = opened(tmp_path, files={"tokenizer.json": plain.to_str().encode()})
    assert tokens(handler, [""])["input_ids"] == [[0]]
    handler.close()


def test_very_long_texts_are_refused(handler_of: Callable[[str], Handler]) -> None:
    steps: Any = handler_of("review").runtime
    with pytest.raises(TooLarge, match="text 1: has more than 100,000 characters"):
        steps._steps["text"].check(["good", "a" * 100_001])
    steps._steps["text"].check(["a" * 100_000])


def test_many_rows_take_several_runs(handler_of: Callable[[str], Handler]) -> None:
    handler = handler_of("review")
    texts = ["good"] * 3000 + ["bad film"] * 3000
    steps: Any = handler.runtime
    assert steps._most_rows < 6000
    body = f"text\n{chr(10).join(texts)}\n".encode()
    headers = {"content-type": "text/csv", "accept": "text/csv"}
    asked = {"x-amzn-sagemaker-custom-attributes": "outputs=total,length"}
    response = handler.answer(Request("POST", "/invocations", headers | asked, body))
    assert response.body.decode().split() == ["9,3"] * 3000 + ["16,4"] * 3000


def test_the_first_texts_may_come_at_once(tmp_path: Path) -> None:
    handler = opened(tmp_path)
    request = Request("POST", "/predict", {"content-type": "text/plain"}, b"the film is good")
    with ThreadPoolExecutor(8) as pool:
        bodies = {response.body for response in pool.map(handler.answer, [request] * 32)}
    assert len(bodies) == 1
    handler.close()


@pytest.mark.parametrize(
    "members",
    [
        {"tokenizer": "other.json"},
        {"tokenizer": "../tokenizer.json"},
        {"tokenizer": 5},
        {"max_length": 0},
        {"max_length": True},
        {"max_length": "6"},
        {"gives": {}},
        {"gives": {"input_ids": "ids"}},
        {"gives": {"input_ids": "ids", "attention_mask": "sizes"}},
        {"gives": {"input_ids": "ids", "other": "mask"}},
        {"gives": "input_ids"},
        {"input": "other"},
        {"kind": "sound"},
        {"more": 1},
    ],
    ids=str,
)
def test_declarations_that_make_no_sense_are_refused(members: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        opened(tmp_path, preprocessing=[{**TEXT_STEP, **members}])


@pytest.mark.parametrize("steps", [[], {}, "text", [None], [TEXT_STEP, TEXT_STEP]], ids=str)
def test_steps_that_make_no_sense_are_refused(steps: Any, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        opened(tmp_path, preprocessing=steps)


@pytest.mark.parametrize("options", [{"dtype": "float32"}, {"width": 4}], ids=str)
def test_models_that_take_no_tokens_are_refused(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        opened(tmp_path, **options)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x80\x04.", b'{"model": {"type": "WordLevel"}}'])
def test_a_tokenizer_that_cannot_be_read_is_the_bundles_fault(content: bytes, tmp_path: Path) -> None:
    handler = opened(tmp_path, files={"tokenizer.json": content})
    with pytest.raises(BundleError, match=r"is no tokenizer\.json"):
        handler.predict({"text": _text("good")})
    handler.close()


def _text(text: str) -> Any:
    from onehandler.tensor import Tensor

    return Tensor.of("string", (1,), [text])


def test_words_that_a_tokenizer_cannot_name_are_the_clients_fault(tmp_path: Path) -> None:
    without = Tokenizer(WordLevel({"a": 0}, unk_token="[UNK]"))
    handler = opened(tmp_path, files={"tokenizer.json": without.to_str().encode()})
    with pytest.raises(InvalidInput, match="text 0: cannot be read by the model's tokenizer"):
        handler.predict({"text": _text("b")})
    handler.close()


def test_the_library_is_imported_when_the_first_text_comes(tmp_path: Path) -> None:
    bundle = bundles.build("review", tmp_path)
    code = f"""
import sys
from onehandler.handler import Handler
from onehandler.message import Request
handler = Handler.load({bundle!r})
before = "tokenizers" in sys.modules
handler.answer(Request("POST", "/predict", {{"content-type": "text/plain"}}, b"good"))
print(before, "tokenizers" in sys.modules, "numpy" in sys.modules, "huggingface_hub" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "False True False False"
