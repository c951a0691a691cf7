"""moto does not know AWS's own managed policies unless an environment variable says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """Attaching `AWSLambdaBasicExecutionRole`, as many templates do, fails. Loading them takes 60 ms."""
    from moto.iam import models

    def load_iam_aws_managed_policies() -> bool:
        return True

    models.load_iam_aws_managed_policies = load_iam_aws_managed_policies


PATCH = Patch(
    "iam-managed-policies",
    (Target("moto.iam.models", "load_iam_aws_managed_policies", "ccb6600dc9f8"),),
    _apply,
)
