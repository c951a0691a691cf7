"""moto knows change sets by their bare name, and executes them half."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.operations import Template
from local_emulator.aws.moto_patches.cloudformation_stacks import checked
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services

_REVIEW = "REVIEW_IN_PROGRESS"


def _apply(services: Services) -> None:
    """Executing a change set, as osls deploys, refreshes neither outputs, exports, parameters nor tags.

    Two stacks' change sets of one name are one to moto, deleting one that is not there is an HTTP 500, and
    creating a second for a new stack makes a second stack.
    """
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.models import CloudFormationBackend
    from moto.cloudformation.responses import CloudFormationResponse
    from moto.core.responses import ActionResult, EmptyResult

    create = CloudFormationBackend.create_change_set

    def create_change_set(self: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
        stack_name, template = kwargs["stack_name"], kwargs["template"]
        checked(services, template)
        existing = next((stack for stack in self.stacks.values() if stack.name == stack_name), None)
        if existing is not None:
            _refuse_status(existing, kwargs["change_set_type"], kwargs["change_set_name"])
        if existing is not None and kwargs["change_set_type"] == "CREATE":
            del self.stacks[existing.stack_id]  # nothing is in it yet; moto makes another
        created: tuple[str, str] = create(self, *args, **kwargs)
        return created

    def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = _find(self, change_set_name, stack_name)
        if change_set.execution_status != "AVAILABLE":
            raise ValidationError(
                message=f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.execution_status}]"
            )
        stack = change_set.stack
        body = checked(services, change_set.template)
        change_set.execution_status = "EXECUTE_IN_PROGRESS"
        stack.tags = stack.tags if change_set.tags is None else change_set.tags
        template = Template(body, change_set.template, change_set.parameters)
        run = services.stacks.create if change_set.change_set_type == "CREATE" else services.stacks.update
        run(stack, self.exports, template)
        done = stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        change_set.execution_status = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"

    def describe_change_set(self: Any) -> Any:
        name, stack = _named(self)
        return ActionResult(_find(self.cloudformation_backend, name, stack))

    def delete_change_set(self: Any) -> Any:
        name, stack = _named(self)
        backend = self.cloudformation_backend
        # One that is not there is deleted already; AWS answers alike.
        for change_set in _matching(backend, name, stack):
            del backend.change_sets[change_set.change_set_id]
        return EmptyResult()

    CloudFormationBackend.create_change_set = create_change_set
    CloudFormationBackend.execute_change_set = execute_change_set
    CloudFormationResponse.describe_change_set = describe_change_set
    CloudFormationResponse.delete_change_set = delete_change_set


def _named(response: Any) -> tuple[str, str | None]:
    get = type(response)._get_param  # noqa: SLF001 - how moto's responses read their parameters
    return get(response, "ChangeSetName"), get(response, "StackName")


def _find(backend: Any, name: str, stack: str | None) -> Any:
    matching = _matching(backend, name, stack)
    if not matching:
        raise _not_found(name)
    return matching[-1]


def _matching(backend: Any, name: str, stack: str | None) -> list[Any]:
    return [
        change_set
        for change_set in backend.change_sets.values()
        if name in (change_set.change_set_id, change_set.change_set_name)
        and stack in (None, change_set.stack_id, change_set.stack_name)
    ]


def _not_found(name: str) -> Exception:
    from moto.cloudformation.exceptions import CloudFormationError

    error: Exception = CloudFormationError(f"ChangeSet [{name}] does not exist")
    error.code = "ChangeSetNotFound"  # type: ignore[attr-defined]
    return error


def _refuse_status(stack: Any, change_set_type: str, name: str) -> None:
    from moto.cloudformation.exceptions import ValidationError

    if change_set_type == "CREATE" and stack.status != _REVIEW:
        raise ValidationError(
            message=f"Stack [{stack.name}] already exists and cannot be created again with the "
            f"changeSet [{name}]."
        )
    if change_set_type == "UPDATE" and stack.status in {"ROLLBACK_COMPLETE", _REVIEW}:
        raise ValidationError(
            message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        )


PATCH = Patch(
    "cloudformation-change-sets",
    (
        Target("moto.cloudformation.models", "CloudFormationBackend.create_change_set", "4668670ac84b"),
        Target("moto.cloudformation.models", "CloudFormationBackend.execute_change_set", "1090cb5b81ab"),
        Target("moto.cloudformation.responses", "CloudFormationResponse.describe_change_set", "96c6b1f6a617"),
        Target("moto.cloudformation.responses", "CloudFormationResponse.delete_change_set", "03c00dc6556a"),
    ),
    _apply,
)
