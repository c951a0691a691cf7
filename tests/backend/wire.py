"""numpy arrays ↔ Open Inference V2, written anew for these tests: as JSON, and as bytes after it."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from onehandler.message import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from onehandler.message import Response

PATH = "/v2/models/node/infer"
LENGTH = "inference-header-content-length"
# ONNX's number of each element type that the protocol has a name for.
CODES = {
    "FP32": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7, "BYTES": 8, "BOOL": 9,
    "FP16": 10, "FP64": 11, "UINT32": 12, "UINT64": 13, "BF16": 16,
}  # fmt: skip
_NAMES = {code: name for name, code in CODES.items()}


class NoDatatype(Exception):
    """The protocol has no name for an input's type."""


def as_json(inputs: Mapping[str, tuple[int, NDArray[Any]]]) -> Request:
    """Everything in JSON, every other tensor nested; arrays come with ONNX's number of their type."""
    entries = [
        {**_head(name, code, array), "data": _values(array, nested=bool(index % 2))}
        for index, (name, (code, array)) in enumerate(inputs.items())
    ]
    body = json.dumps({"inputs": entries}).encode()
    return Request("POST", PATH, {"content-type": "application/json"}, body)


def as_bytes(inputs: Mapping[str, tuple[int, NDArray[Any]]]) -> Request:
    """Tensors after the JSON, and asked for there."""
    parts = [_packed(array) for _, array in inputs.values()]
    entries = [
        {**_head(name, code, array), "parameters": {"binary_data_size": len(part)}}
        for (name, (code, array)), part in zip(inputs.items(), parts, strict=True)
    ]
    head = json.dumps({"inputs": entries, "parameters": {"binary_data_output": True}}).encode()
    headers = {LENGTH: str(len(head)), "content-type": "application/octet-stream"}
    return Request("POST", PATH, headers, head + b"".join(parts))


def arrays(response: Response) -> list[NDArray[Any]]:
    """A response's outputs, in order."""
    length = int(response.headers.get(LENGTH, len(response.body)))
    tail = response.body[length:]
    found = []
    for output in json.loads(response.body[:length])["outputs"]:
        if "data" in output:
            array = np.array(output["data"], _dtype(output["datatype"]))
        else:
            size = output["parameters"]["binary_data_size"]
            array, tail = _unpacked(output["datatype"], tail[:size]), tail[size:]
        found.append(array.reshape(output["shape"]))
    assert not tail
    return found


def _head(name: str, code: int, array: NDArray[Any]) -> dict[str, Any]:
    if code not in _NAMES:
        raise NoDatatype(helper.tensor_dtype_to_string(code))
    return {"name": name, "datatype": _NAMES[code], "shape": list(array.shape)}


def _values(array: NDArray[Any], *, nested: bool) -> Any:
    if array.dtype.kind not in "biufOUS":  # bfloat16, which has no Python number of its own
        array = array.astype(np.float32)
    shaped = array if nested and array.ndim else array.reshape(-1)
    return _decoded(shaped.tolist())


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value


def _packed(array: NDArray[Any]) -> bytes:
    if array.dtype.kind not in "OUS":
        return array.tobytes()
    texts = [text.encode() for text in _decoded(array.reshape(-1).tolist())]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _unpacked(datatype: str, data: bytes) -> NDArray[Any]:
    if datatype != "BYTES":
        return np.frombuffer(data, _dtype(datatype))
    texts = []
    while data:
        (length,) = struct.unpack("<I", data[:4])
        texts.append(data[4 : 4 + length].decode())
        data = data[4 + length :]
    return np.array(texts, np.object_)


def _dtype(datatype: str) -> Any:
    return helper.tensor_dtype_to_np_dtype(CODES[datatype])
