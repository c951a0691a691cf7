"""Models that answer their input, one for each element type: what a client sends must come back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import onnx
from onnx import helper

from onehandler.dtypes import dtype_named
from onehandler.handler import Handler
from onehandler.message import Request, Response
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from pathlib import Path

DATATYPES = {
    "BOOL": "bool", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64", "INT8": "int8",
    "INT16": "int16", "INT32": "int32", "INT64": "int64", "FP16": "float16", "FP32": "float32",
    "FP64": "float64", "BF16": "bfloat16", "BYTES": "string",
}  # fmt: skip
PATH = "/v2/models/echo/infer"
LENGTH = "inference-header-content-length"


def echo(folder: Path, dtype: str, shape: tuple[int, ...] = (-1, -1), **said: str) -> Handler:
    """The handler of a model that gives its input x as y; `said` is what the manifest says of x beside."""
    inputs, outputs = [bundles.spec("x", dtype, shape) | said], [bundles.spec("y", dtype, shape)]
    code = dtype_named(dtype).code  # ONNX Runtime's numbers of element types are ONNX's
    sizes = [None if size == -1 else size for size in shape]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "echo",
        [helper.make_tensor_value_info("x", code, sizes)],
        [helper.make_tensor_value_info("y", code, sizes)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    target = folder / f"{dtype}-{len(shape)}"
    return Handler.load(
        bundles.write(target, "echo", model, inputs, outputs, []), Settings({"ONEHANDLER_MAX_BODY_MB": "64"})
    )


def ask(handler: Handler, body: dict[str, Any], tail: bytes | None = None, path: str = PATH) -> Response:
    """POST JSON, and bytes after it where there are any."""
    head = json.dumps(body).encode()
    headers = {} if tail is None else {LENGTH: str(len(head))}
    return handler.answer(Request("POST", path, headers, head + (tail or b"")))


def parts(response: Response) -> tuple[dict[str, Any], bytes]:
    """A response's JSON and the bytes after it."""
    assert response.status == 200, response.body[:500]
    length = int(response.headers.get(LENGTH, len(response.body)))
    return json.loads(response.body[:length]), response.body[length:]
