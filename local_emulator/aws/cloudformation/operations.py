"""What can be done to a whole stack: create, update, delete, each with its events and its rollback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.engine import Deployment, StepFailed
from local_emulator.aws.cloudformation.failures import reason_of
from local_emulator.aws.cloudformation.moto_stack import MotoStack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.aws.cloudformation.contracts import Clients
    from local_emulator.aws.cloudformation.local_addresses import LocalAddresses
    from local_emulator.aws.cloudformation.registry import TypeRegistry

_BY_USER = "User Initiated"


@dataclass(frozen=True, slots=True)
class Template:
    """A template with the parameters it is deployed with."""

    body: dict[str, Any]
    text: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackOperations:
    """Deploys templates to moto's stacks."""

    types: TypeRegistry
    clients: Clients
    addresses: LocalAddresses
    make_suffix: Callable[[], str]

    def create(self, stack: Any, exports: dict[str, Any], template: Template) -> None:
        """Create a stack's resources; ends in CREATE_COMPLETE or ROLLBACK_COMPLETE, never in an exception."""
        view = MotoStack(stack, exports, self.addresses)
        view.mark("CREATE_IN_PROGRESS", _BY_USER)
        deployment = self._deployment(view)
        failure = _attempt(view, deployment, template)
        if failure is None:
            view.mark("CREATE_COMPLETE")
            return
        view.mark("ROLLBACK_IN_PROGRESS", f"{failure} Rollback requested by user.")
        deployment.roll_back()
        view.forget_outputs()
        view.mark("ROLLBACK_COMPLETE")

    def update(self, stack: Any, exports: dict[str, Any], template: Template) -> None:
        """Update a stack; ends in UPDATE_COMPLETE or UPDATE_ROLLBACK_COMPLETE, never in an exception."""
        view = MotoStack(stack, exports, self.addresses)
        before = Template(stack.template_dict, stack.template, stack.parameters)
        view.mark("UPDATE_IN_PROGRESS", _BY_USER)
        deployment = self._deployment(view)
        failure = _attempt(view, deployment, template)
        if failure is None:
            view.mark("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            deployment.clean_up()  # what stays is in the events; AWS leaves the stack complete, too
            view.mark("UPDATE_COMPLETE")
            return
        view.mark("UPDATE_ROLLBACK_IN_PROGRESS", failure)
        deployment.roll_back()
        view.load(before.body, before.text, before.parameters)
        view.publish_outputs()
        view.mark("UPDATE_ROLLBACK_COMPLETE")

    def delete(self, stack: Any, exports: dict[str, Any]) -> bool:
        """Delete a stack's resources; tell whether all of them went."""
        view = MotoStack(stack, exports, self.addresses)
        view.mark("DELETE_IN_PROGRESS", _BY_USER)
        failed = self._deployment(view).delete_all()
        if failed:
            view.mark("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}].")
            return False
        view.forget_outputs()
        view.mark("DELETE_COMPLETE")
        return True

    def _deployment(self, view: MotoStack) -> Deployment:
        return Deployment(view, self.types, self.clients, self.make_suffix)


def _attempt(view: MotoStack, deployment: Deployment, template: Template) -> str | None:
    """Deploy, and give the reason if it failed."""
    try:
        view.load(template.body, template.text, template.parameters)
        deployment.apply(template.body["Resources"])
        view.publish_outputs()
    except StepFailed as failure:
        return str(failure)
    except Exception as error:  # noqa: BLE001 - the stack has to be rolled back, whatever it was
        return reason_of(error)
    return None
