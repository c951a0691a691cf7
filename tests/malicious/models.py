"""Model files with the size and digest that the manifest says, and which must not be served all the same."""

from __future__ import annotations

import gzip
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

import onnx
from onnx.external_data_helper import set_external_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    MakeModel: TypeAlias = Callable[[bytes], bytes]

OUTSIDE = "outside.bin"  # beside the bundle, and in the working directory: the weights that the graph lacks
WEIGHTS = 48  # bytes
_PICKLE = b"cposix\nsystem\n(S'touch deserialised'\ntR."


def torch_archive(_: bytes) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("model/data.pkl", _PICKLE)
    return content.getvalue()


def weights_at(location: str, **place: int) -> MakeModel:
    """The graph with its weights elsewhere."""

    def make(model: bytes) -> bytes:
        found = onnx.load_from_string(model)
        tensor = found.graph.initializer[0]
        set_external_data(tensor, location, **place)
        tensor.ClearField("raw_data")
        return found.SerializeToString()

    return make


MODELS: dict[str, tuple[MakeModel, str]] = {
    "pickle": (lambda _: _PICKLE, "model.onnx"),
    "pickle, protocol 4": (lambda _: b"\x80\x04" + _PICKLE, "model.onnx"),
    "pickle behind an ONNX beginning": (lambda model: model[:20] + _PICKLE, "model.onnx"),
    "torch archive": (torch_archive, "model.onnx"),
    "npy of objects": (
        lambda _: b"\x93NUMPY\x01\x00\x3a\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n" + _PICKLE,
        "model.onnx",
    ),
    "gzip": (gzip.compress, "model.onnx"),
    "Python": (lambda _: b"import os; os.system('touch deserialised')\n", "model.onnx"),
    "shared library": (lambda _: b"\x7fELF\x02\x01\x01" + bytes(200), "model.onnx"),
    "empty": (lambda _: b"", "model.onnx"),
    "cut": (lambda model: model[: len(model) // 2], "model.onnx"),
    "doubled": (lambda model: model + model, ""),
    "other signature": (lambda model: model.replace(b"probabilities", b"probabilitiez"), "are not the model's"),
    "weights above": (weights_at(f"../{OUTSIDE}"), ""),
    "weights above, from below": (weights_at(f"a/../../{OUTSIDE}"), ""),
    "weights in the working directory": (weights_at(OUTSIDE), ""),
    "weights in the environment": (weights_at("/proc/self/environ"), ""),
    "weights by URL": (weights_at("file:///etc/passwd"), ""),
    "weights of no name": (weights_at(""), ""),
    "weights behind the end": (weights_at("model.onnx", offset=2**40, length=WEIGHTS), ""),
    "weights before the beginning": (weights_at("model.onnx", offset=-8, length=WEIGHTS), ""),
    "weights too few": (weights_at("model.onnx", offset=0, length=8), ""),
}  # fmt: skip

# What runs code when it is loaded, with what its own manifest says of that: no bundle may allow itself.
CODE: dict[str, tuple[tuple[bytes, dict[str, Any]], str]] = {
    "pickle, not allowed": ((_PICKLE, {"runtime": "joblib"}), "holds a pickle"),
    "pickle that allows itself": (
        (_PICKLE, {"runtime": "joblib", "allow_pickle": True}),
        "the deployment must say which one it means",
    ),
    "pickle of another runtime": ((_PICKLE, {"runtime": "pickle"}), "there is no runtime 'pickle'"),
    "Python, not allowed": ((b"import os; os.system('touch executed')", {"runtime": "python"}), "is Python code"),
    "Python, allowed by a text": (
        (b"import os; os.system('touch executed')", {"runtime": "python", "allow_code": "true"}),
        "is Python code",
    ),
}  # fmt: skip
