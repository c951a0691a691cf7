"""The Open Inference Protocol's view of the server, its models and their tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler import __version__
from onehandler.protocols.open_inference_types import datatype_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.bundle import Bundle
    from onehandler.protocols.listing import Listed
    from onehandler.signature import TensorSpec

# By the protocol's pattern, <project>_<format>; the first is the name that Triton gives it.
_PLATFORMS = {"onnx": "onnxruntime_onnx"}


def describe_server() -> dict[str, Any]:
    """Server metadata."""
    return {
        "name": "onehandler",
        "version": __version__,
        "extensions": ["binary_tensor_data", "classification"],
    }


def describe_model(bundle: Bundle, listed: Sequence[Listed]) -> dict[str, Any]:
    """Model metadata of one version, which lists the others."""
    return {
        "name": bundle.name,
        "versions": [each.version for each in listed if each.name == bundle.name],
        "platform": _PLATFORMS.get(bundle.runtime, f"onehandler_{bundle.runtime}"),
        "inputs": [_tensor(spec) for spec in bundle.signature.inputs],
        "outputs": [_tensor(spec) for spec in bundle.signature.outputs],
    }


def describe_index(listed: Sequence[Listed]) -> list[dict[str, str]]:
    """The repository's index."""
    return [
        {
            "name": each.name,
            "version": each.version,
            "state": "READY",
            "reason": "" if each.loaded else "loaded when it is first asked for",
        }
        for each in listed
    ]


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": datatype_of(spec), "shape": list(spec.shape)}
