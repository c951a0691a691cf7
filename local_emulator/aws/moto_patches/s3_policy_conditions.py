"""moto enforces bucket policies without their conditions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.control_plane.policy_conditions import statements_that_apply
from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """A policy that denies everything without TLS, as osls writes it, denies everything.

    moto takes a statement whose condition it cannot see fulfilled for a denial, and one for a single
    principal for one for all.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        applying = statements_that_apply(json.loads(self.policy))
        return IAMPolicy(json.dumps({"Statement": applying})).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission


PATCH = Patch(
    "s3-policy-conditions", (Target("moto.s3.models", "FakeBucket.get_permission", "7571412a3495"),), _apply
)
