"""moto counts versions by how many there are, and leaves instances behind."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from local_emulator.aws.control_plane.functions import snapshot_of
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """A version published after another was deleted gets a number that is in use.

    Versions share the policy and the tags of $LATEST, so that a permission for one is one for all. Deleting
    a function leaves its aliases for the next function of that name.
    """
    from moto.awslambda.models import LambdaBackend, LambdaStorage
    from moto.awslambda.policy import Policy

    delete = LambdaBackend.delete_function

    def publish_version(self: Any, name_or_arn: str, description: str = "") -> Any:
        latest = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        group = vars(self)["_functions"][latest.function_name]
        if group["versions"] and not latest.code_or_config_updated:
            return group["versions"][-1]  # nothing changed: AWS publishes no other either
        latest.code_or_config_updated = False
        number = group["published"] = group.get("published", 0) + 1
        version = copy.copy(latest)
        version.policy, version.tags = Policy(version), dict(latest.tags)
        version.url_config, version.event_invoke_config = None, []
        version.set_version(number)
        version.description = description or latest.description
        group["versions"].append(version)
        vars(self)["_arns"][version.function_arn] = version
        found = snapshot_of(version)
        if found.snap_start:
            services.snap_starts.begin(found)
        return version

    def delete_function(self: Any, function_name: str, qualifier: str | None = None) -> None:
        arn = self.get_function(function_name, qualifier).function_arn
        delete(self, function_name, qualifier)
        if qualifier is None:
            vars(vars(self)["_lambdas"])["_aliases"].pop(arn, None)
        services.retire(arn)

    LambdaStorage.publish_version = publish_version
    LambdaBackend.delete_function = delete_function


PATCH = Patch(
    "lambda-versions",
    (
        Target("moto.awslambda.models", "LambdaStorage.publish_version", "b62a3d20bd8f"),
        Target("moto.awslambda.models", "LambdaBackend.delete_function", "828280c86a66"),
    ),
    _apply,
)
