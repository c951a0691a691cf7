"""moto deploys stacks in no order, and half."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation import template as templates
from local_emulator.aws.cloudformation.contracts import DeploymentError
from local_emulator.aws.cloudformation.operations import Template
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """CreateStack, UpdateStack and DeleteStack go to the emulator's own engine.

    moto updates in the order of the template's text, so that a version is published before its code is
    there; it forgets DeletionPolicy on updates, leaves a failed stack half made behind an HTTP 500, and
    skips types that it does not know with a log line.
    """
    from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
    from moto.cloudformation.models import CloudFormationBackend, Stack
    from moto.cloudformation.utils import generate_stack_id

    stacks = services.stacks

    def create_stack(
        self: Any, name: str, template: str, parameters: dict[str, Any], *options: Any, **more: Any
    ) -> Any:
        if any(stack.name == name for stack in self.stacks.values()):
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        body = checked(services, template)
        stack_id = generate_stack_id(name, self.region_name, self.account_id)
        given = dict(zip(_OPTIONS, options, strict=False)) | more
        stack = Stack(
            stack_id,
            name,
            template,
            parameters,
            self.account_id,
            self.region_name,
            cross_stack_resources=self.exports,
            **given,
        )
        self.stacks[stack_id] = stack
        stacks.create(stack, self.exports, Template(body, template, parameters))
        return stack

    def update_stack(
        self: Any, name: str, template: str, role_arn: str | None, parameters: Any, tags: Any
    ) -> Any:
        stack = self.get_stack(name)
        body = checked(services, template)
        resolved = vars(type(self))["_resolve_update_parameters"](
            self, instance=stack, incoming_params=parameters
        )
        if body == stack.template_dict and resolved == stack.parameters and tags in (None, stack.tags):
            raise ValidationError(message="No updates are to be performed.")
        stack.role_arn = role_arn
        stack.tags = stack.tags if tags is None else tags
        stacks.update(stack, self.exports, Template(body, template, resolved))
        return stack

    def delete_stack(self: Any, name_or_stack_id: str) -> None:
        found = [stack for stack in self.stacks.values() if name_or_stack_id in (stack.name, stack.stack_id)]
        for stack in found:  # none: AWS takes the deletion of what is not there for done
            if stacks.delete(stack, self.exports):
                self.stacks.pop(stack.stack_id)
                self.deleted_stacks[stack.stack_id] = stack

    CloudFormationBackend.create_stack = create_stack
    CloudFormationBackend.update_stack = update_stack
    CloudFormationBackend.delete_stack = delete_stack


_OPTIONS = (
    "notification_arns",
    "tags",
    "role_arn",
    "enable_termination_protection",
    "timeout_in_mins",
    "stack_policy_body",
)


def checked(services: Services, text: str) -> dict[str, Any]:
    """Read and check a template; what is wrong with it is CloudFormation's ValidationError."""
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.models import Stack

    try:
        body: dict[str, Any] = Stack.parse_template(text)
        templates.check(body, services.stacks.types)
    except DeploymentError as error:
        raise ValidationError(message=str(error)) from error
    return body


PATCH = Patch(
    "cloudformation-stacks",
    (
        Target("moto.cloudformation.models", "CloudFormationBackend.create_stack", "dcb835c34772"),
        Target("moto.cloudformation.models", "CloudFormationBackend.update_stack", "83a62d954ef0"),
        Target("moto.cloudformation.models", "CloudFormationBackend.delete_stack", "d0113177c342"),
    ),
    _apply,
)
