"""Operators that TensorFlow.js' converter makes of several, said in TensorFlow's plain ones again.

| operator | becomes |
| --- | --- |
| _FusedConv2D, _FusedMatMul, FusedDepthwiseConv2dNative | Conv2D, MatMul, DepthwiseConv2dNative, then what they fuse |
| Prelu | Relu(x) - slope * Relu(-x) |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPACE = ("strides", "padding", "dilations", "data_format", "explicit_paddings")
# What each becomes, and which attributes the plain operator has beside T.
_FUSED = {
    "_FusedConv2D": ("Conv2D", _SPACE),
    "_FusedMatMul": ("MatMul", ("transpose_a", "transpose_b")),
    "FusedDepthwiseConv2dNative": ("DepthwiseConv2dNative", _SPACE),
    "_FusedDepthwiseConv2dNative": ("DepthwiseConv2dNative", _SPACE),
}
_ALONE = ("Relu", "Relu6", "Elu", "Sigmoid", "Tanh")  # take nothing but what comes


def plain_operators(graph: Any, where: str) -> None:
    """Rewrite in place; ConversionError names a fusion that is not known."""
    for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
        for node in [each for each in nodes if each.op in _FUSED or each.op == "Prelu"]:
            parts = _Parts(node)
            if node.op == "Prelu":
                parts.prelu(node.input[0], node.input[1])
            else:
                _unfuse(parts, node, where)
            # Others take what it gives under its name: the last part has that.
            parts.made[-1].name = node.name
            nodes.extend(parts.made[:-1])
            node.CopyFrom(parts.made[-1])


class _Parts:
    """Nodes in place of one."""

    def __init__(self, node: Any) -> None:
        self.made: list[Any] = []
        self._node = node

    def add(self, operator: str, *inputs: str, attributes: Mapping[str, Any] | None = None) -> str:
        """One more of the same element type; gives its name."""
        part = type(self._node)(
            name=f"{self._node.name}/part_{len(self.made) + 1}", op=operator, input=inputs
        )
        for name, value in {"T": self._node.attr["T"], **(attributes or {})}.items():
            part.attr[name].CopyFrom(value)
        self.made.append(part)
        return str(part.name)

    def prelu(self, source: str, slope: str) -> str:
        """Relu(x) - slope * Relu(-x)."""
        below = self.add("Mul", slope, self.add("Relu", self.add("Neg", source)))
        return self.add("Sub", self.add("Relu", source), below)


def _unfuse(parts: _Parts, node: Any, where: str) -> None:
    operator, names = _FUSED[node.op]
    kept = {name: node.attr[name] for name in names if name in node.attr}
    extra = list(node.input[2:])
    value = parts.add(operator, *node.input[:2], attributes=kept)
    for step in (each.decode() for each in node.attr["fused_ops"].list.s):
        if step == "BiasAdd" and extra:
            layout = {name: kept[name] for name in ("data_format",) if name in kept}
            value = parts.add(step, value, extra.pop(0), attributes=layout)
        elif step == "Prelu" and extra:
            value = parts.prelu(value, extra.pop(0))
        elif step == "LeakyRelu":
            value = parts.add(step, value, attributes={"alpha": node.attr["leakyrelu_alpha"]})
        elif step in _ALONE:
            value = parts.add(step, value)
        else:
            raise ConversionError(
                f"uses {node.op} fused with {step!r:.40} (at '{node.name[:80]}')", where=where
            )
