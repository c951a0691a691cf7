"""Plain values, as they travel, to the messages that the runtime takes and back.

A value is [kind, content] or None, where kind is one of TypedData's fields.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from local_emulator.azure.worker_program.messages import Message
from local_emulator.azure.worker_program.protocol import ParameterBinding, RpcHttp, TypedData


def to_typed_data(value: list[Any] | None) -> TypedData:
    """Give the message of a plain value."""
    if value is None:
        return TypedData()
    kind, content = value
    if kind == "http":
        content = RpcHttp(**{**content, "body": to_typed_data(content["body"])})
    return TypedData(**{kind: content})


def to_request(document: dict[str, Any]) -> SimpleNamespace:
    """Give the invocation request of a plain document."""
    no_exception = SimpleNamespace(source="", stack_trace="", message="")
    return SimpleNamespace(
        invocation_id=document["invocation_id"],
        function_id=document["function_id"],
        input_data=[
            ParameterBinding(name=name, data=to_typed_data(value)) for name, value in document["inputs"]
        ],
        trigger_metadata={name: to_typed_data(value) for name, value in document["metadata"].items()},
        trace_context=SimpleNamespace(trace_parent=document["trace_parent"], trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=no_exception),
    )


def plain(value: Any) -> Any:
    """Give a message as plain values, whole."""
    if isinstance(value, TypedData):
        return None if value.chosen is None else [value.chosen, plain(getattr(value, value.chosen))]
    if isinstance(value, Message):
        return {name: plain(getattr(value, name)) for name in value.fields}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value
