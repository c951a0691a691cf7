"""moto reads templates slowly and refuses good ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.lint import errors_only, readable_by_lint
from local_emulator.aws.cloudformation.template import parse, summary
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """JSON goes through a YAML reader, which takes a second for 100 KB and breaks escaped surrogate pairs.

    ValidateTemplate refuses a template for any finding of cfn-lint, such as the advice that osls' own gets,
    and says "Stack with id …" then. Outputs lead to AWS, and those of types new to moto are an error.
    """
    from moto.cloudformation import models, parsing, responses, utils
    from moto.cloudformation.exceptions import ValidationError
    from moto.core.responses import ActionResult

    parse_yaml = models.Stack.parse_template
    make_output = parsing.parse_output

    def parse_template(template: str) -> dict[str, Any]:
        return parse(template, parse_yaml)

    def parse_change_set(self: Any) -> None:
        self.template_dict = parse(self.template, parse_yaml)

    def validate_template(self: Any) -> Any:
        get = type(self)._get_param  # noqa: SLF001 - how moto's responses read their parameters
        url = get(self, "TemplateURL")
        read = type(self)._get_stack_from_s3_url  # noqa: SLF001 - as above
        text = read(self, url) if url else get(self, "TemplateBody")
        errors = errors_only(utils.validate_template_cfn_lint(readable_by_lint(text)))
        if errors:
            found = "; ".join(f"{error.rule.id} {error.message}" for error in errors)
            raise ValidationError(message=f"Template validation error: {found}")
        return ActionResult(summary(models.Stack.parse_template(text)))

    def parse_output(output_logical_id: str, output_json: Any, resources_map: Any) -> Any:
        output = make_output(output_logical_id, output_json, resources_map)
        if output is not None:
            output.value = services.addresses.localise(output.value)
        return output

    def validate_outputs(_: Any) -> None:
        """Nothing: outputs are worked out before a deployment counts as done."""

    models.Stack.parse_template = staticmethod(parse_template)
    models.ChangeSet._parse_template = parse_change_set  # noqa: SLF001 - the one place that reads it
    responses.CloudFormationResponse.validate_template = validate_template
    parsing.parse_output = parse_output
    parsing.ResourceMap.validate_outputs = validate_outputs


PATCH = Patch(
    "cloudformation-templates",
    (
        Target("moto.cloudformation.models", "Stack.parse_template", "780e8fac6c67"),
        Target("moto.cloudformation.models", "ChangeSet._parse_template", "332663244e42"),
        Target("moto.cloudformation.responses", "CloudFormationResponse.validate_template", "911f8224c59f"),
        Target("moto.cloudformation.parsing", "parse_output", "9bc7b7e4d20e"),
        Target("moto.cloudformation.parsing", "ResourceMap.validate_outputs", "098ccc085b50"),
    ),
    _apply,
)
