"""What benchmarks.warm_path compares: models, events, and the shortest program for each."""

from __future__ import annotations

import io
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from adapters.aws_lambda import entry_point
from benchmarks.demo_model import BUNDLE, ensure_bundle
from onehandler.bundle_writer import Draft, write_bundle
from onehandler.handler import Handler
from onehandler.runtimes import open_model
from onehandler.settings import Settings
from onehandler.signature import Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from onnx import NodeProto

    from onehandler.bundle import Bundle

_IMAGE = (224, 224, 3)
_RNG = np.random.default_rng(0)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Two ways to one answer; `ours` and `other` give its numbers, `run_ours` and `run_other` only take the time."""

    name: str
    key: str
    against: str
    run_ours: Callable[[], Any]
    run_other: Callable[[], Any]
    read_ours: Callable[[Any], Any] = field(repr=False)
    read_other: Callable[[Any], Any] = field(repr=False)

    def ours(self) -> Any:
        """The numbers that our handler answers."""
        return self.read_ours(self.run_ours())

    def other(self) -> Any:
        """The numbers that the other way answers."""
        return self.read_other(self.run_other())


class _Context:
    function_name = "bench"
    memory_limit_in_mb = "1769"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    aws_request_id = "00000000-0000-0000-0000-000000000000"


def cases(folder: Path) -> Iterator[Case]:
    """All of them; models are made in the folder."""
    yield _one_row(_linear(folder))
    ensure_bundle()
    yield _table(str(BUNDLE))
    yield from _images(_pooling(folder))


def _one_row(bundle: Bundle) -> Case:
    row = [5.1, 3.5, 1.4, 0.2]
    session = _session(bundle.model_path)
    feed = {"X": np.array([row], np.float32)}
    return Case(
        "one row of 4 numbers",
        "handler_added_us",
        "InferenceSession.run alone",
        _invoking(bundle.folder, json.dumps({"rows": [row]}), "application/json"),
        lambda: session.run(None, feed),
        lambda answer: list(_body(answer)["predictions"][0]["probabilities"].values()),
        lambda outputs: outputs[1][0],
    )


def _table(bundle: str) -> Case:
    rows = (_RNG.random((10_000, 30)) * 100).round(4).tolist()
    body = json.dumps({"rows": rows})
    session = _session(f"{bundle}/model.onnx")
    name, names = session.get_inputs()[0].name, [output.name for output in session.get_outputs()]

    def shortest() -> str:
        given = np.array(json.loads(body)["rows"], np.float32)
        outputs = session.run(None, {name: given})
        return json.dumps({key: value.tolist() for key, value in zip(names, outputs, strict=True)})

    return Case(
        "10,000 rows of 30 numbers as JSON",
        "large_body_ours_over_numpy",
        "numpy and json",
        _invoking(bundle, body, "application/json"),
        shortest,
        lambda answer: [list(row["probabilities"].values()) for row in _body(answer)["predictions"]],
        lambda text: json.loads(text)["probabilities"],
    )


def _images(bundle: Bundle) -> Iterator[Case]:
    pixels = _RNG.random((1, *_IMAGE)).astype(np.float32)
    session = _session(bundle.model_path)
    file = io.BytesIO()
    np.save(file, pixels)
    raw, npy = pixels.tobytes(), file.getvalue()
    raw_body, npy_body = b64encode(raw), b64encode(npy)  # as events carry bytes
    nested = json.dumps({"inputs": {"image": pixels.tolist()}})
    base64 = json.dumps({"inputs": {"image": {"base64": b64encode(raw).decode()}}})

    def answered(image: Any) -> str:
        return json.dumps({"outputs": {"scores": session.run(None, {"image": image})[0].tolist()}})

    ways: list[tuple[str, str | bytes, str, Callable[[], Any]]] = [
        (
            "nested",
            nested,
            "application/json",
            lambda: np.array(json.loads(nested)["inputs"]["image"], np.float32),
        ),
        (
            "base64",
            base64,
            "application/json",
            lambda: _from_raw(b64decode(json.loads(base64)["inputs"]["image"]["base64"])),
        ),
        ("raw", raw, "application/octet-stream", lambda: _from_raw(b64decode(raw_body))),
        ("npy", npy, "application/x-npy", lambda: np.load(io.BytesIO(b64decode(npy_body)))),
    ]
    for form, body, media, read in ways:
        yield Case(
            f"an image of 224 x 224 x 3, {form}",
            f"image_{form}_ours_over_numpy",
            "numpy and json",
            _invoking(bundle.folder, body, media),
            lambda read=read: answered(read()),  # type: ignore[misc]
            lambda answer: _body(answer)["outputs"]["scores"],
            lambda text: json.loads(text)["outputs"]["scores"],
        )


def _from_raw(raw: bytes) -> Any:
    return np.frombuffer(raw, np.float32).reshape(1, *_IMAGE)


def _invoking(bundle: str, body: str | bytes, media: str) -> Callable[[], Any]:
    """A call of our whole handler with the event of such a request."""
    handler = Handler.load(bundle, Settings({"ONEHANDLER_THREADS": "1"}))
    entry, context = entry_point(handler), _Context()
    binary = isinstance(body, bytes)
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/predict",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": str(len(body)),
            "content-type": media,
            "host": "abc.execute-api.us-east-1.amazonaws.com",
            "user-agent": "bench",
            "x-forwarded-for": "192.0.2.1",
        },
        "requestContext": {
            "http": {"method": "POST", "path": "/predict", "protocol": "HTTP/1.1"},
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "requestId": "bench",
            "stage": "$default",
        },
        "body": b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": binary,
    }
    return lambda: entry(event, context)


def _body(answer: Mapping[str, Any]) -> Any:
    if answer["statusCode"] != 200:
        raise RuntimeError(f"answered {answer}")
    return json.loads(answer["body"])


def _session(path: str) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _linear(folder: Path) -> Bundle:
    """A classifier of 4 numbers into 3 classes: the least that a model can do."""
    nodes = [
        helper.make_node("Gemm", ["X", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
    ]
    weights = {"weights": _RNG.random((4, 3)), "bias": _RNG.random(3)}
    return _bundle(
        folder / "linear",
        nodes,
        {"X": (TensorProto.FLOAT, [None, 4])},
        {"label": (TensorProto.INT64, [None]), "probabilities": (TensorProto.FLOAT, [None, 3])},
        weights,
    )


def _pooling(folder: Path) -> Bundle:
    """The mean of an image's colours, and 8 scores of it: a model that takes next to no time of its own."""
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["colours"], keepdims=0),
        helper.make_node("MatMul", ["colours", "weights"], ["scores"]),
    ]
    weights = {"axes": np.array([1, 2]), "weights": _RNG.random((3, 8))}
    return _bundle(
        folder / "pooling",
        nodes,
        {"image": (TensorProto.FLOAT, [None, *_IMAGE])},
        {"scores": (TensorProto.FLOAT, [None, 8])},
        weights,
    )


_Tensors = dict[str, tuple[int, list[int | None]]]


def _bundle(
    target: Path, nodes: list[NodeProto], inputs: _Tensors, outputs: _Tensors, weights: Mapping[str, Any]
) -> Bundle:
    graph = helper.make_graph(
        nodes,
        target.name,
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in outputs.items()],
        [
            numpy_helper.from_array(array if array.dtype == np.int64 else array.astype(np.float32), name)
            for name, array in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    content = model.SerializeToString()
    path = target.with_suffix(".onnx")
    path.write_bytes(content)
    declared = open_model("onnx", str(path), 1).signature
    signature = Signature(declared.inputs, [_named(spec) for spec in declared.outputs])
    return write_bundle(
        Draft(target.name, "1", "onnx", "model.onnx", signature, {"model.onnx": content}), target
    )


def _named(spec: TensorSpec) -> TensorSpec:
    """Probabilities by class, as converted classifiers have them."""
    columns = ("setosa", "versicolor", "virginica") if spec.name == "probabilities" else ()
    return TensorSpec(spec.name, spec.dtype, spec.shape, columns)
