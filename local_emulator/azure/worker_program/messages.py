"""Plain objects with the shapes of the host's protobuf messages, as far as the runtime touches them.

The runtime takes its message classes from whoever starts it. These refuse what protobuf would refuse (unknown
fields, wrong scalar types, maps of anything but strings), so that an app that fails on Azure fails here too.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

# What a field of this type holds until it is set, as in proto3. None: a message, or absent.
_EMPTY: dict[type, Any] = {str: "", bytes: b"", int: 0, float: 0.0, bool: False, dict: {}, list: []}


class Message:
    """A message of the fields that its class declares; `object` stands for another message."""

    fields: ClassVar[dict[str, type]] = {}

    def __init__(self, **given: Any) -> None:
        unknown = set(given) - set(self.fields)
        if unknown:
            raise ValueError(f"Protocol message {type(self).__name__} has no {sorted(unknown)[0]!r} field.")
        for name, kind in self.fields.items():
            value = given.get(name)
            if value is None:
                empty = _EMPTY.get(kind)
                value = empty.copy() if isinstance(empty, (dict, list)) else empty
            else:
                self._check(name, value, kind)
            setattr(self, name, value)
        self.chosen = next((name for name in self.fields if given.get(name) is not None), None)

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802 - protobuf's name
        """Name the field that was given, of messages that hold one of several."""
        return self.chosen

    def _check(self, name: str, value: Any, kind: type) -> None:
        if kind is dict:
            self._check_map(name, value)
        elif kind is float:
            if not isinstance(value, (int, float)):
                self._refuse(name, value)
        elif kind is not object and not isinstance(value, kind):
            self._refuse(name, value)

    def _check_map(self, name: str, value: dict[object, object]) -> None:
        for key, item in value.items():
            if not isinstance(key, str) or not isinstance(item, str):
                raise TypeError(
                    f"{type(self).__name__}.{name} maps strings to strings; got {key!r}: {item!r}"
                )

    def _refuse(self, name: str, value: object) -> None:
        raise TypeError(
            f"bad argument type for built-in operation: {type(self).__name__}.{name} got {type(value).__name__}"
        )


class RpcException(Message):
    """What a function raised."""

    fields: ClassVar = {
        "source": str,
        "stack_trace": str,
        "message": str,
        "is_user_exception": bool,
        "type": str,
    }


class StatusResult(Message):
    """How a request ended."""

    Failure, Success, Cancelled = 0, 1, 2
    fields: ClassVar = {"status": int, "result": str, "exception": object, "logs": list}


class WorkerMetadata(Message):
    """What the worker says of itself."""

    fields: ClassVar = {
        "runtime_name": str,
        "runtime_version": str,
        "worker_version": str,
        "worker_bitness": str,
        "custom_properties": dict,
    }


class WorkerInitResponse(Message):
    """The answer to the first request."""

    fields: ClassVar = {
        "worker_version": str,
        "capabilities": dict,
        "result": object,
        "worker_metadata": object,
    }


class FunctionMetadataResponse(Message):
    """The functions that were found."""

    fields: ClassVar = {
        "function_metadata_results": object,
        "result": object,
        "use_default_metadata_indexing": bool,
    }


class FunctionLoadResponse(Message):
    """Whether a function can be called."""

    fields: ClassVar = {"function_id": str, "result": object, "is_dependency_downloaded": bool}


class BindingInfo(Message):
    """Direction and type of one binding. The enumerations' numbers are the protocol's."""

    undefined, string, binary, stream = 0, 1, 2, 3
    out, inout = 1, 2
    fields: ClassVar = {"type": str, "direction": int, "data_type": int, "properties": dict}


class RpcRetryOptions(Message):
    """A function's retry policy."""

    fields: ClassVar = {
        "max_retry_count": int,
        "delay_interval": object,
        "minimum_interval": object,
        "maximum_interval": object,
        "retry_strategy": object,
    }


class RpcFunctionMetadata(Message):
    """One function, as the runtime indexed it."""

    fields: ClassVar = {
        "name": str,
        "directory": str,
        "script_file": str,
        "entry_point": str,
        "bindings": object,
        "is_proxy": bool,
        "status": object,
        "language": str,
        "raw_bindings": list,
        "function_id": str,
        "managed_dependency_enabled": bool,
        "retry_options": object,
        "properties": dict,
    }


class InvocationResponse(Message):
    """The outcome of one run."""

    fields: ClassVar = {"invocation_id": str, "output_data": list, "return_value": object, "result": object}


class NullableString(Message):
    """A string or nothing."""

    fields: ClassVar = {"value": str}


class NullableBool(Message):
    """A truth value or nothing."""

    fields: ClassVar = {"value": bool}


class NullableDouble(Message):
    """A number or nothing."""

    fields: ClassVar = {"value": float}


class NullableTimestamp(Message):
    """A time or nothing."""

    fields: ClassVar = {"value": object}


class Timestamp(Message):
    """Seconds since the epoch."""

    fields: ClassVar = {"seconds": int}


class RpcHttpCookie(Message):
    """A cookie to set."""

    # "None" is a word of Python's: the class can only be made by call.
    SameSite: ClassVar = type("SameSite", (), {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})
    fields: ClassVar = {
        "name": str,
        "value": str,
        "domain": object,
        "path": object,
        "expires": object,
        "secure": object,
        "http_only": object,
        "same_site": int,
        "max_age": object,
    }


class RpcHttp(Message):
    """A request to a function, or its response."""

    fields: ClassVar = {
        "method": str,
        "url": str,
        "headers": dict,
        "body": object,
        "params": dict,
        "status_code": str,
        "query": dict,
        "enable_content_negotiation": bool,
        "cookies": list,
    }


class TypedData(Message):
    """One value of one of many kinds."""

    fields: ClassVar = {
        "string": str,
        "json": str,
        "bytes": bytes,
        "stream": bytes,
        "http": object,
        "int": int,
        "double": float,
        "collection_bytes": object,
        "collection_string": object,
        "collection_double": object,
        "collection_sint64": object,
        "model_binding_data": object,
        "collection_model_binding_data": object,
    }


class ParameterBinding(Message):
    """A value and the parameter that it is for."""

    fields: ClassVar = {"name": str, "data": object}

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802 - protobuf's name
        """Say that there is data (the alternative, shared memory, is never used here)."""
        return None if getattr(self, "data", None) is None else "data"


PROTOCOL = SimpleNamespace(
    **{kind.__name__: kind for kind in Message.__subclasses__()},
)
"""What the runtime takes for its `protos` module."""
