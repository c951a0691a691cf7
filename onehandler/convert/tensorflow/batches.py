"""Graphs that were saved for a certain number of rows, made to take any."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper


def any_rows(model: onnx.ModelProto, rows: int) -> None:
    """Free the first dimension of inputs and outputs, in place, and let reshapes follow it.

    Whether the graph still answers alike is for the comparison to say: a shape that begins with this number may mean
    something else.
    """
    for value in (*model.graph.input, *model.graph.output):
        size = value.type.tensor_type.shape.dim
        if size and size[0].dim_value == rows:
            size[0].Clear()
    del model.graph.value_info[:]
    shapes = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[1] in shapes:
            shape = numpy_helper.to_array(shapes[node.input[1]])
            if len(shape) > 1 and shape[0] == rows:
                name = f"{node.input[1]} of any rows"
                if name not in shapes:
                    shapes[name] = numpy_helper.from_array(_following(shape), name)
                    model.graph.initializer.append(shapes[name])
                node.input[1] = name


def _following(shape: np.ndarray) -> np.ndarray:
    """The shape with its first size left open: as what remains, or, where that is told already, as it comes in."""
    first = 0 if -1 in shape[1:] else -1
    return np.array([first, *shape[1:].tolist()], dtype=np.int64)
