"""Tensors as bytes: raw, .npy and base64 give what nested numbers give, or are refused in words."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from pathlib import Path

RAW = "application/octet-stream"
NPY = "application/x-npy"
IMAGES = np.random.default_rng(7).random((3, 8, 8)).astype(np.float32)


@pytest.fixture
def handlers(tmp_path: Path) -> dict[str, Handler]:
    names = ("image", "iris", "mixed", "lookup", "regression")
    return {name: Handler.load(bundles.build(name, tmp_path), Settings({})) for name in names}


def ask(handler: Handler, body: bytes, media: str, query: str = "") -> tuple[int, Any]:
    response = handler.answer(Request("POST", "/predict", {"content-type": media}, body, query))
    return response.status, json.loads(response.body)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def as_json(name: str, value: Any) -> bytes:
    return json.dumps({"inputs": {name: value}}).encode()


def test_every_form_gives_the_same_answer(handlers: dict[str, Handler]) -> None:
    handler = handlers["image"]
    expected = ask(handler, as_json("pixels", IMAGES.tolist()), "application/json")
    base64 = b64encode(IMAGES.tobytes()).decode()
    assert expected[0] == 200
    for found in (
        ask(handler, IMAGES.tobytes(), RAW),
        ask(handler, IMAGES.tobytes(), RAW, "shape=3,8,8"),
        ask(handler, npy(IMAGES), NPY),
        ask(handler, npy(IMAGES), "Application/X-NPY; version=1"),
        ask(handler, npy(IMAGES.astype(np.float64)), NPY),
        ask(handler, npy(IMAGES.astype(np.float64)), NPY),
        ask(handler, as_json("pixels", {"base64": base64}), "application/json"),
        ask(handler, as_json("pixels", {"base64": base64, "shape": [3, 8, 8]}), "application/json"),
    ):
        assert found == expected


@pytest.mark.parametrize(
    ("body", "media", "query", "words"),
    [
        (
            IMAGES.tobytes()[:-1],
            RAW,
            "",
            "767 bytes are no whole number of rows of 256 bytes (float32[any, 8, 8])",
        ),
        (IMAGES.tobytes(), RAW, "shape=3,8", "float32[3, 8] takes 96 bytes, 768 came"),
        (IMAGES.tobytes(), RAW, "shape=3,64", "takes shape [any, 8, 8], [3, 64] came"),
        (IMAGES.tobytes(), RAW, "shape=-3,8,8", "must be sizes with commas"),
        (IMAGES.tobytes(), RAW, "shape=3,8,1e1", "must be sizes with commas"),
        (npy(IMAGES[0]), NPY, "", "takes shape [any, 8, 8], [8, 8] came"),
        (npy(IMAGES.astype(np.int32)), NPY, "", "takes float32, int32 came"),
        (npy(np.full((1, 8, 8), 1e300)), NPY, "", "too large for float32"),
        (as_json("pixels", {"base64": "AAAA===="}), "application/json", "", "is not base64"),
        (as_json("pixels", {"base64": "Ä"}), "application/json", "", "is not base64"),
        (as_json("pixels", {"base64": 7}), "application/json", "", "a string 'base64'"),
        (as_json("pixels", {"base64": "", "dtype": "f4"}), "application/json", "", "a string 'base64'"),
        (as_json("pixels", {"base64": "", "shape": [True]}), "application/json", "", "whole numbers from 0"),
        (
            as_json("pixels", {"base64": "", "shape": [-1, 8, 8]}),
            "application/json",
            "",
            "whole numbers from 0",
        ),
        (
            as_json("pixels", {"base64": "", "shape": [0] * 33}),
            "application/json",
            "",
            "whole numbers from 0",
        ),
        (as_json("pixels", {"base64": "", "shape": 3}), "application/json", "", "whole numbers from 0"),
    ],
)
def test_what_does_not_fit_is_told(
    body: bytes, media: str, query: str, words: str, handlers: dict[str, Handler]
) -> None:
    status, told = ask(handlers["image"], body, media, query)
    assert status == 422
    assert words in told["detail"]


def test_strings_and_several_inputs_are_refused(handlers: dict[str, Handler]) -> None:
    mixed = handlers["mixed"]
    status, told = ask(mixed, b"1234", RAW)
    assert (status, "3 inputs" in told["detail"]) == (415, True)
    values = {"age": {"base64": "AACAPw==", "shape": [1, 1]}, "visits": [[2]], "city": {"base64": "AAAA"}}
    status, told = ask(mixed, json.dumps({"inputs": values}).encode(), "application/json")
    assert (status, "strings have no raw bytes" in told["detail"]) == (422, True)


def test_large_tables_answer_like_small_ones(handlers: dict[str, Handler]) -> None:
    rows = (np.random.default_rng(3).random((10_000, 4)) * 8).round(3)
    small = [
        ask(handlers["iris"], json.dumps({"rows": rows[i : i + 1000].tolist()}).encode(), "application/json")[
            1
        ]
        for i in range(0, 10_000, 1000)
    ]
    status, told = ask(handlers["iris"], json.dumps({"rows": rows.tolist()}).encode(), "application/json")
    assert status == 200
    assert told["predictions"] == [each for part in small for each in part["predictions"]]
