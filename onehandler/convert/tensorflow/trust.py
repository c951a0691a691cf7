"""What a stranger's graph must not do: a graph is a program, and it is run here to compare its answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onehandler.bundle_names import check_name
from onehandler.errors import BundleError, ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# By name, of the 1,462 operators of TensorFlow 2.21: those that reach files, other machines or Python.
_OUTSIDE = re.compile(
    r"ReadFile|WriteFile|(Experimental)?MatchingFiles.*|.*Reader(V2)?|Reader.*|.*Dataset(V\d)?|RecordInput|Print(V2)?"
    r"|.*PyFunc(Stateless)?|.*Summary(File|Db)?Writer.*|Write\w*Summary|Debug(Identity|Nan|Numeric).*"
    r"|LoadAndRemapMatrix|FileSystem.*|Remote.*|Collective.*|_?(Host)?(Send|Recv)|(Try)?Rpc.*"
)
# Every SavedModel has these for its variables. They belong neither to what answers nor to what runs at loading.
_CHECKPOINT = re.compile(r"(Save|Restore)(V2|Slices?)?|MergeV2Checkpoints|DistributedSave")
_RUN_AT_LOADING = ("saved_model_main_op", "legacy_init_op")


def require_closed(graph: Any, where: str) -> None:
    """Raise ConversionError for operators of a GraphDef, or of its functions, that reach outside of it."""
    _refuse([*graph.node, *_inner(graph.library.function)], where, _OUTSIDE, _CHECKPOINT)


def require_closed_model(found: Any, where: str) -> None:
    """The same for a SavedModel's MetaGraphDef, which may save and restore variables, but not when it is loaded."""
    graph = found.graph_def
    _refuse([*graph.node, *_inner(graph.library.function)], where, _OUTSIDE)
    for asset in found.asset_file_def:
        try:
            check_name(asset.filename)
        except BundleError:
            raise ConversionError(
                f"has an asset outside of its folder: {asset.filename!r:.100}", where=where
            ) from None
    run = _upstream(graph, _first_run(found))
    starts = {*found.object_graph_def.concrete_functions, *_called(run)}
    reached = _reached({each.signature.name: each for each in graph.library.function}, starts)
    _refuse(_inner(reached), where, _CHECKPOINT)
    _refuse((node for node in run if not node.op.startswith("Restore")), where, _CHECKPOINT)
    assets = {asset.tensor_info.name.partition(":")[0] for asset in found.asset_file_def}
    for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
        _refuse_tables_elsewhere(nodes, assets, where)


def _refuse_tables_elsewhere(nodes: Iterable[Any], assets: set[str], where: str) -> None:
    """Tables are read from the model's assets, which the loader names: a path in the graph may be any file's."""
    known = {node.name: node for node in nodes}
    for node in known.values():
        source = _node_of(node.input[1]) if node.op.startswith("InitializeTableFromTextFile") else ""
        while source in known and known[source].op == "Identity":
            source = _node_of(known[source].input[0])
        if source in known and source not in assets and known[source].op != "Placeholder":
            raise ConversionError(
                f"fills the table '{node.name[:80]}' from a file that is none of its assets; save the model again",
                where=where,
            )


def _refuse(nodes: Iterable[Any], where: str, *patterns: re.Pattern[str]) -> None:
    for node in nodes:
        if any(pattern.fullmatch(node.op) for pattern in patterns):
            raise ConversionError(
                f"uses {node.op} (at '{node.name[:80]}'), which reaches files, other machines or code outside of the "
                "model; save the model without it",
                where=where,
            )


def _first_run(found: Any) -> list[str]:
    """Names of nodes that the loader of TensorFlow 1's models runs, and those that answer."""
    names = [
        tensor.name for signature in found.signature_def.values() for tensor in signature.outputs.values()
    ]
    names += [
        name
        for key in _RUN_AT_LOADING
        if key in found.collection_def
        for name in found.collection_def[key].node_list.value
    ]
    return [*names, found.saver_def.restore_op_name] if not found.object_graph_def.nodes else []


def _upstream(graph: Any, names: Iterable[str]) -> list[Any]:
    """Nodes that these need, and they themselves."""
    nodes = {node.name: node for node in graph.node}
    found: dict[str, Any] = {}
    waiting = list(names)
    while waiting:
        name = _node_of(waiting.pop())
        if name in nodes and name not in found:
            found[name] = nodes[name]
            waiting += nodes[name].input
    return list(found.values())


def _reached(library: dict[str, Any], starts: Iterable[str]) -> list[Any]:
    """Functions of these names, and those that they call in turn."""
    found: dict[str, Any] = {}
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in library and name not in found:
            found[name] = library[name]
            waiting += _called(library[name].node_def)
    return list(found.values())


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    """Names of functions that nodes may call."""
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            yield value.func.name
            yield from (each.name for each in value.list.func)


def _node_of(source: str) -> str:
    return source.removeprefix("^").partition(":")[0]


def _inner(functions: Iterable[Any]) -> Iterator[Any]:
    for function in functions:
        yield from function.node_def
