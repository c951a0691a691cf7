"""moto reads templates slowly and refuses good ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.lint import errors_only
from local_emulator.aws.cloudformation.template import parse
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """ValidateTemplate refuses a template for any finding of cfn-lint, advice included, as osls' own is.

    JSON goes through the YAML reader, which takes a second for a template of 100 KB and makes two broken
    characters of an escaped surrogate pair. Outputs lead to AWS, and those of types that moto does not know
    are an error.
    """
    from moto.cloudformation import models, parsing

    parse_yaml = models.Stack.parse_template
    lint, make_output = models.validate_template_cfn_lint, parsing.parse_output

    def parse_template(template: str) -> dict[str, Any]:
        return parse(template, parse_yaml)

    def parse_change_set(self: Any) -> None:
        self.template_dict = parse(self.template, parse_yaml)

    def validate(template: str) -> list[Any]:
        return errors_only(lint(template))

    def parse_output(output_logical_id: str, output_json: Any, resources_map: Any) -> Any:
        output = make_output(output_logical_id, output_json, resources_map)
        if output is not None:
            output.value = services.addresses.localise(output.value)
        return output

    def validate_outputs(_: Any) -> None:
        """Nothing: outputs are worked out before a deployment counts as done."""

    models.Stack.parse_template = staticmethod(parse_template)
    models.ChangeSet._parse_template = parse_change_set  # noqa: SLF001 - the one place that reads it
    models.validate_template_cfn_lint = validate
    parsing.parse_output = parse_output
    parsing.ResourceMap.validate_outputs = validate_outputs


PATCH = Patch(
    "cloudformation-templates",
    (
        Target("moto.cloudformation.models", "Stack.parse_template", "780e8fac6c67"),
        Target("moto.cloudformation.models", "ChangeSet._parse_template", "332663244e42"),
        Target("moto.cloudformation.models", "validate_template_cfn_lint", "2640f9cdfb76"),
        Target("moto.cloudformation.parsing", "parse_output", "9bc7b7e4d20e"),
        Target("moto.cloudformation.parsing", "ResourceMap.validate_outputs", "098ccc085b50"),
    ),
    _apply,
)
