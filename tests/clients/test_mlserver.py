"""MLServer is asked the same: the same answer, or a line in `DIFFERENT`, which docs/protocols.md shows."""

from __future__ import annotations

import gzip
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError

import pytest

from tests import bundles
from tests.bundles import ROW
from tests.clients.models import EVERY, every_datatype
from tests.clients.peers import mlserver
from tests.clients.servers import serving
from tests.conformance.cases_open_inference import tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"
X = tensor("X", "FP32", [2, 4], [*ROW, *ROW])
NARROW = tensor("X", "FP32", [1, 3], ROW[:3])
VALUES: dict[str, list[Any]] = {
    "BOOL": [True, False, True, True], "FP16": [1.5, -2.25, 65504, 0], "FP32": [1.5, -2.25, 3.4e38, 0],
    "FP64": [0.1, -1e300, 5e-324, 0], "BYTES": ["Łódź", "", "🌍", "a b"], "BF16": [1, 2, 3, 4],
} | {
    f"{sign}INT{bits}": [0, 1, 2 ** (bits - 1) - 1, 2**bits - 1 if sign else -(2 ** (bits - 1))]
    for sign in ("", "U")
    for bits in (8, 16, 32, 64)
}  # fmt: skip


class Asked(NamedTuple):
    """One request; a body of None is a GET, of bytes compressed JSON."""

    path: str
    body: Any = None


def infer(*inputs: Any, **members: Any) -> Asked:
    return Asked("/v2/models/iris/infer", {"inputs": list(inputs), **members})


SAME = {
    "metadata of a server": Asked("/v2"),
    "live": Asked("/v2/health/live"),
    "ready": Asked("/v2/health/ready"),
    "model ready": Asked("/v2/models/iris/ready"),
    "version ready": Asked("/v2/models/iris/versions/1/ready"),
    "other model": Asked("/v2/models/other"),
    "other model ready": Asked("/v2/models/other/ready"),
    "index": Asked("/v2/repository/index", {}),
    "flat": infer(X),
    "nested": infer({**X, "data": [ROW, ROW]}),
    "id": infer(X, id="seven"),
    "one output": infer(X, outputs=[{"name": "probabilities"}]),
    "outputs in another order": infer(X, outputs=[{"name": "probabilities"}, {"name": "label"}]),
    "parameters": infer({**X, "parameters": {"mine": "1"}}, parameters={"mine": 1}),
    "one row": infer(tensor("X", "FP32", [1, 4], ROW)),
    "other model asked": Asked("/v2/models/other/infer", {"inputs": [X]}),
    "gzip": Asked("/v2/models/iris/infer", gzip.compress(json.dumps({"inputs": [X]}).encode())),
    "no such path": Asked("/v2/nothing"),
}

# What is answered otherwise: our status, MLServer's, and why.
DIFFERENT = {
    "float64 for float32": (
        infer({**X, "datatype": "FP64"}), 200, 500, "numbers of another width are converted, if they fit",
    ),
    "too few values": (infer({**X, "data": ROW}), 400, 500, "inputs that don't fit are the client's fault"),
    "wrong shape": (infer(NARROW), 400, 500, "inputs that don't fit are the client's fault"),
    "ragged": (infer({**X, "data": [ROW, ROW[:2]]}), 400, 500, "inputs that don't fit are the client's fault"),
    "strings for numbers": (infer({**X, "data": ["a"] * 8}), 400, 500, "inputs that don't fit are the client's fault"),
    "numbers in strings": (infer({**X, "data": ["1"] * 8}), 400, 200, "a number is not a string of digits"),
    "no input": (infer(), 400, 500, "inputs that don't fit are the client's fault"),
    "unknown output": (infer(X, outputs=[{"name": "y"}]), 400, 500, "inputs that don't fit are the client's fault"),
    "unknown datatype": (infer({**X, "datatype": "FP31"}), 400, 422, "every refusal of a body is 400, as Triton's"),
    "no inputs at all": (Asked("/v2/models/iris/infer", {}), 400, 422, "every refusal of a body is 400, as Triton's"),
    "BF16": (infer({**X, "datatype": "BF16"}), 200, 422, "BF16 is a datatype, as Triton has it"),
    "NaN as a bare word": (infer(tensor("X", "FP32", [1, 4], [float("nan"), 1, 2, 3])), 200, 422,
                           "Triton reads and writes NaN and Infinity so"),
}  # fmt: skip


def ask(address: str, asked: Asked) -> tuple[int, Any]:
    headers = {"content-type": "application/json"}
    data = asked.body
    if isinstance(data, bytes):
        headers["content-encoding"] = "gzip"
    elif data is not None:
        data = json.dumps(data).encode()
    request = urllib.request.Request(f"http://{address}{asked.path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, _parsed(response.read())
    except HTTPError as error:
        with error:
            return error.code, None  # what is wrong everybody says in words of their own


def _parsed(body: bytes) -> Any:
    return json.loads(body) if body else {}


def comparable(answer: Any) -> Any:
    """What both mean: MLServer makes ids up, adds its codec's name, and gives [n] as [n, 1]."""
    if not isinstance(answer, dict) or "outputs" not in answer or "model_name" not in answer:
        return None if isinstance(answer, dict) else answer
    outputs = [
        (each["name"], each["datatype"], [size for size in each["shape"] if size != 1], each["data"])
        for each in answer["outputs"]
    ]
    return answer["model_name"], answer["model_version"], outputs


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Our address and MLServer's, of the same model."""
    folder = tmp_path_factory.mktemp("peers")
    bundle = bundles.build("iris", folder / "bundle")
    with serving(bundle, folder) as ours, mlserver(bundle, folder) as theirs:
        yield ours, theirs


@pytest.mark.parametrize("name", SAME)
def test_the_same_request_has_the_same_answer(name: str, flowers: tuple[str, str]) -> None:
    ours, theirs = (ask(address, SAME[name]) for address in flowers)
    assert ours[0] == theirs[0]
    assert comparable(ours[1]) == comparable(theirs[1])


@pytest.mark.parametrize("name", DIFFERENT)
def test_differences_are_those_we_tell(name: str, flowers: tuple[str, str]) -> None:
    asked, ours, theirs, why = DIFFERENT[name]
    assert tuple(ask(address, asked)[0] for address in flowers) == (ours, theirs)
    assert f"| {name} | {ours} | {theirs} | {why} |" in PAGE.read_text()


def test_ids_are_echoed_by_both(flowers: tuple[str, str]) -> None:
    found = [ask(address, SAME["id"])[1]["id"] for address in flowers]
    assert found == ["seven", "seven"]


def test_every_datatype(tmp_path: Path) -> None:
    """All in one request, which comes back; BF16 is none of MLServer's."""
    names = [name for name in VALUES if name != "BF16"]
    inputs = [tensor(f"in_{name}", name, [2, 2], VALUES[name]) for name in names]
    bundle = every_datatype(tmp_path / "bundle", without=("BF16",))
    asked = Asked(f"/v2/models/{EVERY}/infer", {"inputs": inputs})
    with serving(bundle, tmp_path) as ours, mlserver(bundle, tmp_path) as theirs:
        one, other = (ask(address, asked)[1] for address in (ours, theirs))
    assert comparable(one) == comparable(other)
    assert [each["data"] for each in one["outputs"]][names.index("INT64")] == VALUES["INT64"]
