"""Deploys a template: dependency order, replacement, cleanup last; all undone when a step fails."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from local_emulator.aws.cloudformation.contracts import ANY_PROPERTY, Deployed, DeploymentError, Place
from local_emulator.aws.cloudformation.failures import reason_of
from local_emulator.aws.cloudformation.graph import dependency_order
from local_emulator.aws.cloudformation.handles import ResourceHandle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local_emulator.aws.cloudformation.contracts import Clients, Properties, ResourceType


class Stack(Protocol):
    """The stack that a template is deployed to."""

    name: str
    stack_id: str
    account_id: str
    region: str

    @property
    def tags(self) -> Mapping[str, str]:
        """The stack's own tags."""
        ...

    def handles(self) -> Mapping[str, ResourceHandle]:
        """Give what is deployed, by logical id."""
        ...

    def put(self, handle: ResourceHandle) -> None:
        """Remember a resource: from now on it is what Ref and Fn::GetAtt find."""
        ...

    def drop(self, logical_id: str) -> None:
        """Forget a resource."""
        ...

    def resolve(self, definition: Mapping[str, Any]) -> Properties:
        """Give the properties of a resource with functions and references worked out."""
        ...

    def wants(self, definition: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource holds."""
        ...

    def record(self, handle: ResourceHandle, status: str, reason: str = "") -> None:
        """Add a stack event for a resource."""
        ...


class ResourceTypes(Protocol):
    """Finds the resource type for a name."""

    def find(self, name: str) -> ResourceType:
        """Give the type. Raises UnsupportedError by name."""
        ...


class StepFailed(Exception):
    """A resource failed; its stack event is recorded. Names the logical ids that CloudFormation names."""


@dataclass
class Deployment:
    """One run over one stack. `apply` either ends well or raises StepFailed; then call `roll_back`."""

    stack: Stack
    types: ResourceTypes
    clients: Clients
    make_suffix: Callable[[], str]
    _undo: list[Callable[[], None]] = field(default_factory=list)
    _leftovers: list[tuple[ResourceHandle, bool]] = field(default_factory=list)

    def apply(self, definitions: Mapping[str, Any]) -> None:
        """Make the stack's resources those of a template, as far as creating and changing goes."""
        wanted = {name: item for name, item in definitions.items() if self.stack.wants(item)}
        for logical_id in dependency_order(wanted):
            self._apply_one(logical_id, wanted[logical_id])
        gone = {name: handle for name, handle in self.stack.handles().items() if name not in wanted}
        for name in reversed(_known_order(gone)):
            self._undo.append(partial(self.stack.put, gone[name]))
            self.stack.drop(name)
            self._leftovers.append((gone[name], gone[name].retained))

    def clean_up(self) -> list[str]:
        """Delete what the new template no longer has. Failures are recorded and returned, not raised."""
        failed = []
        for handle, kept in self._leftovers:
            if not self._delete(handle, kept=kept):
                failed.append(handle.logical_resource_id)
        return failed

    def roll_back(self) -> None:
        """Undo every step of `apply`, the last first; what cannot be undone is recorded."""
        for undo in reversed(self._undo):
            undo()

    def delete_all(self) -> list[str]:
        """Delete every resource of the stack, in reverse order; give the logical ids that would not go."""
        handles = dict(self.stack.handles())
        failed = []
        for name in reversed(_known_order(handles)):
            if self._delete(handles[name], kept=handles[name].retained):
                self.stack.drop(name)
            else:
                failed.append(name)
        return failed

    def _apply_one(self, logical_id: str, definition: Mapping[str, Any]) -> None:
        old = self.stack.handles().get(logical_id)
        draft = _draft(logical_id, definition, old)
        status = "CREATE" if old is None else "UPDATE"
        try:
            properties = self.stack.resolve(definition)
            if old is not None and _unchanged(old, definition, properties):
                self._remember(draft, properties, old.deployed)
                return
            self.stack.record(draft, f"{status}_IN_PROGRESS")
            deployed = self._deploy(old, draft, properties)
        except Exception as error:  # whatever goes wrong with a resource rolls the stack back
            reason = reason_of(error)
            self.stack.record(draft, f"{status}_FAILED", reason)
            raise StepFailed(
                f"The following resource(s) failed to {status.lower()}: [{logical_id}]."
            ) from error
        handle = self._remember(draft, properties, deployed)
        self.stack.record(handle, f"{status}_COMPLETE")

    def _deploy(self, old: ResourceHandle | None, draft: ResourceHandle, properties: Properties) -> Deployed:
        kind = self.types.find(draft.cf_resource_type)
        place = self._place(draft)
        if old is None:
            deployed = kind.create(place, properties)
            self._undo.append(partial(self._undo_create, draft, properties, deployed))
            return deployed
        if old.cf_resource_type != draft.cf_resource_type or _replaces(kind, old.properties, properties):
            _refuse_same_name(kind, old, draft, properties)
            self.stack.record(
                draft,
                "UPDATE_IN_PROGRESS",
                "Requested update requires the creation of a new physical resource",
            )
            deployed = kind.create(place, properties)
            self._undo.append(partial(self._undo_replace, old, draft, properties, deployed))
            self._leftovers.append((old, old.kept_when_replaced))
            return deployed
        # Before the attempt: one that fails half way has changed something, too.
        self._undo.append(partial(self._undo_update, old, draft, properties))
        return kind.update(place, old.deployed, old.properties, properties)

    def _remember(self, draft: ResourceHandle, properties: Properties, deployed: Deployed) -> ResourceHandle:
        handle = ResourceHandle(
            draft.logical_resource_id, draft.cf_resource_type, draft.definition, properties, deployed
        )
        self.stack.put(handle)
        return handle

    def _undo_create(self, draft: ResourceHandle, properties: Properties, deployed: Deployed) -> None:
        handle = ResourceHandle(
            draft.logical_resource_id, draft.cf_resource_type, draft.definition, properties, deployed
        )
        kept = draft.definition.get("DeletionPolicy") == "Retain"
        self._delete(handle, kept=kept)
        self.stack.drop(draft.logical_resource_id)

    def _undo_replace(
        self, old: ResourceHandle, draft: ResourceHandle, properties: Properties, deployed: Deployed
    ) -> None:
        self._undo_create(draft, properties, deployed)
        self.stack.put(old)

    def _undo_update(self, old: ResourceHandle, draft: ResourceHandle, properties: Properties) -> None:
        self.stack.record(old, "UPDATE_IN_PROGRESS")
        kind = self.types.find(old.cf_resource_type)
        try:
            kind.update(self._place(draft), old.deployed, properties, old.properties)
        except Exception as error:  # noqa: BLE001 - the rest of the stack is still to be rolled back
            self.stack.record(old, "UPDATE_FAILED", reason_of(error))
            return
        self.stack.put(old)
        self.stack.record(old, "UPDATE_COMPLETE")

    def _delete(self, handle: ResourceHandle, *, kept: bool) -> bool:
        if kept:
            self.stack.record(handle, "DELETE_SKIPPED")
            return True
        self.stack.record(handle, "DELETE_IN_PROGRESS")
        kind = self.types.find(handle.cf_resource_type)
        try:
            kind.delete(self._place(handle), handle.deployed, handle.properties)
        except Exception as error:  # noqa: BLE001 - the rest of the stack is still to be deleted
            self.stack.record(handle, "DELETE_FAILED", reason_of(error))
            return False
        self.stack.record(handle, "DELETE_COMPLETE")
        return True

    def _place(self, handle: ResourceHandle) -> Place:
        stack = self.stack
        return Place(
            stack.name,
            stack.stack_id,
            handle.logical_resource_id,
            stack.account_id,
            stack.region,
            self.clients,
            self.make_suffix(),
            stack.tags,
        )


def _draft(logical_id: str, definition: Mapping[str, Any], old: ResourceHandle | None) -> ResourceHandle:
    deployed = Deployed("") if old is None else old.deployed
    return ResourceHandle(logical_id, definition["Type"], definition, {}, deployed)


def _unchanged(old: ResourceHandle, definition: Mapping[str, Any], properties: Properties) -> bool:
    return old.cf_resource_type == definition["Type"] and old.properties == properties


def _replaces(kind: ResourceType, old: Properties, new: Properties) -> bool:
    if kind.replaced_by == ANY_PROPERTY:
        return True
    return any(old.get(name) != new.get(name) for name in kind.replaced_by)


def _refuse_same_name(
    kind: ResourceType, old: ResourceHandle, draft: ResourceHandle, properties: Properties
) -> None:
    name = properties.get(kind.name_property) if kind.name_property else None
    if (
        name is not None
        and old.cf_resource_type == kind.name
        and name == old.properties.get(kind.name_property)
    ):
        raise DeploymentError(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {name} ({draft.logical_resource_id}) and update the stack again."
        )


def _known_order(handles: Mapping[str, ResourceHandle]) -> Sequence[str]:
    definitions = {name: handle.definition for name, handle in handles.items()}
    with suppress(DeploymentError):
        return dependency_order(definitions)
    return list(definitions)
