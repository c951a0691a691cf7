"""The messages of the Functions host's protocol that the runtime makes and reads.

Names, fields and numbers are the protocol's: https://github.com/Azure/azure-functions-language-worker-protobuf
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

from local_emulator.azure.worker_program.messages import Message


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
