"""Triton's own HTTP clients, the one on gevent and the one on asyncio: every call that they have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from tests.bundles import CLASSES, ROW
from tests.clients.models import EVERY
from tests.onehandler.protocols.echoes import DATATYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

X = np.array([ROW, ROW], np.float32)
# What its client sends as JSON: BF16 it only sends as bytes.
JSON_TYPES = [name for name in DATATYPES if name != "BF16"]


@pytest.fixture
def client(iris: str) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(iris) as found:
        yield found


@pytest.fixture
def echo(every: str) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(every) as found:
        yield found


def array(datatype: str) -> NDArray[Any]:
    """Values at the ends of a type's range, and in between."""
    if datatype == "BYTES":
        return np.array([["Łódź", ""], ["🌍" * 9, "a\0b"]], np.object_)
    if datatype == "BOOL":
        return np.array([[True, False], [False, True]])
    if datatype == "BF16":
        return np.array([[1.5, -0.0], [3.0e38, np.inf]], ml_dtypes.bfloat16)
    kind = np.dtype(DATATYPES[datatype])
    ends = np.iinfo(kind) if kind.kind in "iu" else np.finfo(kind)
    return np.array([[ends.min, ends.max], [0, 42]], kind)


def given(datatype: str, value: NDArray[Any], *, binary: bool, name: str = "") -> triton.InferInput:
    found = triton.InferInput(name or f"in_{datatype}", list(value.shape), datatype)
    found.set_data_from_numpy(value, binary_data=binary)
    return found


def flowers(*, binary: bool = True) -> list[triton.InferInput]:
    return [given("FP32", X, binary=binary, name="X")]


def everything(*, binary: bool) -> list[triton.InferInput]:
    return [given(name, array(name), binary=binary or name not in JSON_TYPES) for name in DATATYPES]


def assert_same(found: Any, datatype: str) -> None:
    expected = array(datatype)
    if datatype == "BYTES":  # as bytes from binary data, as text from JSON
        texts = [each.decode() if isinstance(each, bytes) else each for each in found.reshape(-1)]
        assert texts == expected.reshape(-1).tolist()
        return
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


def test_health(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1")
    assert not client.is_model_ready("other")
    assert not client.is_model_ready("iris", "2")


def test_metadata(client: triton.InferenceServerClient) -> None:
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    found = client.get_model_metadata("iris", "1")
    assert found["inputs"] == [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}]
    (entry,) = client.get_model_repository_index()
    assert (entry["name"], entry["version"], entry["state"]) == ("iris", "1", "READY")


@pytest.mark.parametrize("answered", ["json", "binary"])
@pytest.mark.parametrize("sent", ["json", "binary"])
def test_every_datatype_there_and_back(sent: str, answered: str, echo: triton.InferenceServerClient) -> None:
    names = [name for name in DATATYPES if answered == "binary" or name in JSON_TYPES]
    outputs = [triton.InferRequestedOutput(f"out_{name}", binary_data=answered == "binary") for name in names]
    result = echo.infer(EVERY, everything(binary=sent == "binary"), outputs=outputs)
    for name in names:
        assert_same(result.as_numpy(f"out_{name}"), name)


def test_without_outputs_all_come_as_bytes(echo: triton.InferenceServerClient) -> None:
    result = echo.infer(EVERY, everything(binary=True))
    assert len(result.get_response()["outputs"]) == len(DATATYPES)
    assert result.get_output("out_FP64")["parameters"]["binary_data_size"] == 32


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_compressed(coding: str, binary: bool, client: triton.InferenceServerClient) -> None:
    plain = client.infer("iris", flowers())
    codings = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
    found = client.infer("iris", flowers(binary=binary), **codings)
    assert found.as_numpy("probabilities").tobytes() == plain.as_numpy("probabilities").tobytes()


def test_ids_versions_and_outputs(client: triton.InferenceServerClient) -> None:
    outputs = [triton.InferRequestedOutput("probabilities")]
    found = client.infer("iris", flowers(), model_version="1", outputs=outputs, request_id="seven")
    answer = found.get_response()
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("seven", "iris", "1")
    assert [each["name"] for each in answer["outputs"]] == ["probabilities"]


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
def test_classes(binary: bool, client: triton.InferenceServerClient) -> None:
    outputs = [triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=2)]
    found = client.infer("iris", flowers(), outputs=outputs).as_numpy("probabilities")
    assert found.shape == (2, 2)
    first = found[0][0].decode() if isinstance(found[0][0], bytes) else found[0][0]
    assert first.split(":")[1:] == ["2", CLASSES[2]]


def test_parameters_it_sends_are_taken(client: triton.InferenceServerClient) -> None:
    options = {
        "sequence_id": 5,
        "sequence_start": True,
        "priority": 1,
        "timeout": 9,
        "parameters": {"mine": 1},
    }
    assert client.infer("iris", flowers(), **options).as_numpy("label").tolist() == [2, 2]


def test_async_infer(client: triton.InferenceServerClient) -> None:
    waiting = [client.async_infer("iris", flowers(), request_id=str(number)) for number in range(5)]
    found = [each.get_result(timeout=30) for each in waiting]
    assert [each.get_response()["id"] for each in found] == ["0", "1", "2", "3", "4"]


def test_errors_are_its_own(client: triton.InferenceServerClient) -> None:
    short = [given("FP32", X[:, :3], binary=True, name="X")]
    with pytest.raises(InferenceServerException, match=r"takes shape \[any, 4\], \[2, 3\] came") as refused:
        client.infer("iris", short)
    assert refused.value.status() == "400"
    with pytest.raises(InferenceServerException, match="no such model"):
        client.infer("other", flowers())
    for call in (client.get_inference_statistics, client.get_log_settings, client.get_trace_settings):
        with pytest.raises(InferenceServerException):
            call()
    with pytest.raises(InferenceServerException, match="of Triton's extensions this server has"):
        client.load_model("iris")
    with pytest.raises(InferenceServerException, match="of Triton's extensions this server has"):
        client.get_model_config("iris")


def test_on_asyncio(iris: str, every: str) -> None:
    async def calls() -> None:
        async with triton_aio.InferenceServerClient(iris) as client:
            assert await client.is_server_ready()
            assert await client.is_model_ready("iris")
            many = [client.infer("iris", flowers(binary=bool(number % 2))) for number in range(6)]
            for each in await asyncio.gather(*many):
                assert each.as_numpy("label").tolist() == [2, 2]
            with pytest.raises(InferenceServerException, match="no such model"):
                await client.infer("other", flowers())
        async with triton_aio.InferenceServerClient(every) as client:
            packed = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
            result = await client.infer(EVERY, everything(binary=True), **packed)
            for name in DATATYPES:
                assert_same(result.as_numpy(f"out_{name}"), name)

    asyncio.run(calls())
