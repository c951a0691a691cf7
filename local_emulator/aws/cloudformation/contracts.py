"""What the deployment engine and the resource types say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Properties = Mapping[str, Any]  # JSON, with references resolved

ANY_PROPERTY = frozenset({"*"})  # for `replaced_by`: a resource that never changes in place


class DeploymentError(Exception):
    """A resource could not be deployed; the text is what the stack event says."""


class UnsupportedError(DeploymentError):
    """A type, property or value that AWS has and this emulator has not."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What stands behind a logical id."""

    physical_id: str  # what Ref gives
    attributes: Mapping[str, Any] = field(default_factory=dict)  # what Fn::GetAtt gives
    model: object | None = None  # moto's own object, for types that moto deploys


class Clients(Protocol):
    """Gives clients for the emulator's own endpoint."""

    def client(self, service: str, region: str, account_id: str) -> Any:
        """Give the boto3 client of a service; the same one every time."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is deployed: its stack, its name there, its account and region."""

    stack_name: str
    stack_id: str
    logical_id: str
    account_id: str
    region: str
    clients: Clients
    suffix: str  # makes generated names unique; one per resource and attempt
    tags: Mapping[str, str] = field(default_factory=dict)  # those of the stack

    def client(self, service: str) -> Any:
        """Give the client of a service in this account and region."""
        return self.clients.client(service, self.region, self.account_id)

    def generated_name(self, limit: int = 64) -> str:
        """Make the name of a resource that the template leaves unnamed, as CloudFormation composes it."""
        tail = f"-{self.logical_id}-{self.suffix}"
        return f"{self.stack_name[: max(1, limit - len(tail))]}{tail}"[-limit:]


class ResourceType(Protocol):
    """Deploys one type of resource. Every failure is an exception; the engine rolls back."""

    @property
    def name(self) -> str:
        """The type as templates write it: "AWS::Lambda::Function"."""
        ...

    @property
    def replaced_by(self) -> frozenset[str]:
        """Properties whose change makes a new resource instead of changing the old one."""
        ...

    @property
    def name_property(self) -> str:
        """The property that names the resource, "" when there is none."""
        ...

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the resource."""
        ...

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change the resource in place."""
        ...

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Delete the resource; one that is gone already is no failure."""
        ...
