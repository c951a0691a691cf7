"""Why a node test passes one way and not the other, or neither way. Nothing else may differ."""

from __future__ import annotations

import re

_NO_BFLOAT16 = "onnxruntime's Python API takes no bfloat16 arrays; BF16 over the wire reaches the same kernel"
# Passed one way alone.
DIFFERENT = {
    "test_castlike_FLOAT_to_BFLOAT16": _NO_BFLOAT16,
    "test_castlike_FLOAT_to_BFLOAT16_expanded": _NO_BFLOAT16,
    "test_castlike_BFLOAT16_to_FLOAT": _NO_BFLOAT16,
    "test_castlike_BFLOAT16_to_FLOAT_expanded": _NO_BFLOAT16,
    "test_constant": "a bundle's model has at least one input: there is nothing to ask a constant",
}

# Refused both ways: a reason, and the words of ours or of onnxruntime's that show it.
REFUSED = {
    "made by a newer onnx than this onnxruntime knows": r"max supported IR version|is under development",
    "the operator, or its attribute, is none of this onnxruntime's": (
        r"is not a registered function/op|Unrecognized attribute"
    ),
    "onnxruntime's CPU has no kernel for these types": r"Could not find an implementation|Failed to find kernel",
    "onnxruntime finds the types of the expanded function at odds": r"bound to different types",
    "the kernel refuses the attribute": r"layout_ == 0 was false",
    "the machine lacks the locale that the model names": r"Failed to construct locale",
    "no CPU kernel takes the element type (4-bit floats, 2-bit integers, float8e8m0)": r"cannot be served; there are",
    "the protocol has no datatype for an input or output (float8, 4-bit integers), and numpy neither": (
        r"NoDatatype|has no datatype"
    ),
    "the model has no input": r"needs inputs and outputs",
    "the kernel refuses the values": r"the model fails on its values",
}

# Inputs or outputs that are sequences, optionals or maps: onnxruntime's Python API has lists for them, HTTP protocols
# have not. `onehandler build` rewrites outputs where the graph allows it (tests/onehandler/convert/test_forms.py).
NO_TENSORS = (
    r"only tensors can be served|needs inputs and outputs|cannot be opened|is an? (sequence|optional)"
)

# Answered both ways, and otherwise than ONNX's reference, by onnxruntime's own doing: ours must be its answer.
RANDOM = "test_training_dropout"


def reason(words: str) -> str:
    """Why a case was refused both ways, "" when no line of the table fits."""
    return next((told for told, pattern in REFUSED.items() if re.search(pattern, words)), "")
