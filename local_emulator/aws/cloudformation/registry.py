"""Which resource types there are: ours first, then moto's, then those accepted as doing nothing."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import UnsupportedError
from local_emulator.aws.cloudformation.moto_resource import MotoResource
from local_emulator.aws.cloudformation.resources.dynamodb import Table
from local_emulator.aws.cloudformation.resources.http_api import HTTP_API_TYPES
from local_emulator.aws.cloudformation.resources.iam import Policy, Role
from local_emulator.aws.cloudformation.resources.lambda_access import FunctionUrl, Permission
from local_emulator.aws.cloudformation.resources.lambda_events import EventInvokeConfig, EventSourceMapping
from local_emulator.aws.cloudformation.resources.lambda_function import Function
from local_emulator.aws.cloudformation.resources.lambda_layer import LayerVersion, LayerVersionPermission
from local_emulator.aws.cloudformation.resources.lambda_version import Alias, Version
from local_emulator.aws.cloudformation.resources.logs import LogGroup
from local_emulator.aws.cloudformation.resources.no_ops import NO_OPS, NoOp
from local_emulator.aws.cloudformation.resources.s3_bucket import Bucket, BucketPolicy
from local_emulator.aws.cloudformation.resources.sagemaker import Endpoint, EndpointConfig, Model
from local_emulator.aws.cloudformation.resources.sns import TopicPolicy
from local_emulator.aws.cloudformation.resources.sqs import Queue, QueuePolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_emulator.aws.cloudformation.contracts import ResourceType

OWN_TYPES: tuple[ResourceType, ...] = (
    *HTTP_API_TYPES,
    Alias(),
    Bucket(),
    BucketPolicy(),
    Endpoint(),
    EndpointConfig(),
    EventInvokeConfig(),
    EventSourceMapping(),
    Function(),
    FunctionUrl(),
    LayerVersion(),
    LayerVersionPermission(),
    LogGroup(),
    Model(),
    Permission(),
    Policy(),
    Queue(),
    QueuePolicy(),
    Role(),
    Table(),
    TopicPolicy(),
    Version(),
    *(NoOp(name) for name in NO_OPS),
)


class TypeRegistry:
    """Finds resource types by name. Building it refuses two of one name."""

    def __init__(self, own: Iterable[ResourceType], moto_models: Mapping[str, Any]) -> None:
        self._types: dict[str, ResourceType] = {}
        for kind in own:
            if kind.name in self._types:
                raise ValueError(f"two resource types are called {kind.name}")
            self._types[kind.name] = kind
        for name, model in moto_models.items():
            self._types.setdefault(name, MotoResource(name, model))

    def find(self, name: str) -> ResourceType:
        """Give the type. Raises UnsupportedError by name."""
        if name not in self._types:
            raise UnsupportedError(_unsupported([name], self._types))
        return self._types[name]

    def check(self, definitions: Mapping[str, Any]) -> None:
        """Raise UnsupportedError if a template has types that are not supported, naming them all."""
        missing = sorted({str(item.get("Type")) for item in definitions.values()} - self._types.keys())
        if missing:
            raise UnsupportedError(_unsupported(missing, self._types))


def moto_models() -> dict[str, Any]:
    """Give moto's own CloudFormation models by type."""
    from moto.cloudformation.parsing import get_model_map

    # A stack within a stack would be deployed by moto's engine, not by ours.
    return {name: model for name, model in get_model_map().items() if name != "AWS::CloudFormation::Stack"}


def _unsupported(missing: list[str], known: Mapping[str, Any]) -> str:
    near = sorted({match for name in missing for match in get_close_matches(name, known, n=2)})
    hint = f" (near: {', '.join(near)})" if near else ""
    return (
        f"Unrecognized resource types: [{', '.join(missing)}]: not supported by the emulator{hint}. "
        "Nothing was created; leave them out of what you deploy here, for instance by a Condition"
    )
