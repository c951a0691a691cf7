"""Options as people write them, and what is said when they make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onehandler.convert.options import parsed
from onehandler.errors import ConversionError
from tests.onehandler.convert.models import built, save


def test_everything_at_once(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\nsmall dog\n\n")
    found = parsed(
        ["ids:int64[any, any]", "pixels:float32[any,1,8,8]"],
        tmp_path / "labels.txt",
        "package.module:Class",
        ["classes=10", 'name="x"', "sizes=[1, 2]"],
    )
    assert list(map(repr, found.inputs)) == [
        "TensorSpec(ids: int64[any, any])",
        "TensorSpec(pixels: float32[any, 1, 8, 8])",
    ]
    assert found.labels == ["cat", "small dog"]
    assert found.arguments == {"classes": 10, "name": "x", "sizes": [1, 2]}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no type": ({"inputs": ["x[any]"]}, r"--input: needs name:type\[sizes\]"),
    "no sizes": ({"inputs": ["x:float32"]}, r"--input: needs name:type\[sizes\]"),
    "a size of minus one": ({"inputs": ["x:float32[-1,3]"]}, r"--input: needs name:type\[sizes\]"),
    "fixed rows": ({"inputs": ["x:float32[3]"]}, "'x' must begin with any"),
    "unknown type": ({"inputs": ["x:decimal[any]"]}, "--input: there is no element type 'decimal'"),
    "a path of a class": ({"model_class": "nets.py"}, r"--class: needs package\.module:Class"),
    "no value": ({"arguments": ["classes"]}, "--class-argument: needs name=value"),
    "no JSON": (
        {"arguments": ["name=x"]},
        r"'name' needs a value as JSON \(a text in quotes: name=\"text\"\)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_makes_no_sense_is_refused_by_name(name: str) -> None:
    given, message = WRONG[name]
    with pytest.raises(ConversionError, match=message):
        parsed(**given)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a\na\n", b"a\n\nb\n", b"\xff\xfe"])
def test_labels_need_a_name_a_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(content)
    with pytest.raises(
        ConversionError, match=r"labels\.txt: (needs a name a line, each another|cannot be read)"
    ):
        parsed(labels=tmp_path / "labels.txt")


def test_an_option_that_means_nothing_to_a_model_is_refused(tmp_path: Path) -> None:
    save("cancer", tmp_path)
    with pytest.raises(
        ConversionError, match="--class: means nothing for this file: only weights without a model"
    ):
        built("cancer", tmp_path, options=parsed(model_class="a:B"))
