"""What to install for a source whose package is missing: names and versions that the tests ran with."""

from __future__ import annotations

_TENSORFLOW = "tensorflow==2.21.0 tf2onnx==1.17.0"
_TORCH = "torch==2.13.0 onnxscript==0.7.2"
_HUGGING_FACE = f"{_TORCH} transformers==5.23.0 tokenizers==0.23.3"
PINNED = {
    "catboost": "catboost==1.2.10",
    "lightgbm": "lightgbm==4.7.0",
    "h5py": _TENSORFLOW,
    "keras": _TENSORFLOW,
    "skops": "skops==0.16.0",
    "onnxscript": _TORCH,
    "safetensors": "safetensors==0.8.0",
    "tensorflow": _TENSORFLOW,
    "tf2onnx": _TENSORFLOW,
    "tokenizers": _HUGGING_FACE,
    "torch": _TORCH,
    "transformers": _HUGGING_FACE,
    "xgboost": "xgboost-cpu",  # the module xgboost without 300 MB of GPU libraries; the version follows Python's
}


def advice(package: str) -> str:
    """A command that installs a package, beside onehandler."""
    words = PINNED.get(package, "onehandler[build]").split()
    return f"pip install {' '.join(map(repr, words))}"
