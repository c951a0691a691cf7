"""moto does not know AWS's own managed policies."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """Attaching `AWSLambdaBasicExecutionRole`, as many templates do, fails.

    moto has the documents of all 1,582, but takes all or none: 0.1 s for every partition at every start.
    Here a policy is made when it is first attached.
    """
    from moto.iam.models import AWSManagedPolicy, IAMBackend

    attach = IAMBackend.attach_role_policy

    def attach_role_policy(self: Any, policy_arn: str, role_name: str) -> None:
        name = policy_arn.rpartition("/")[2]
        document = _documents().get(name) if ":iam::aws:policy/" in policy_arn else None
        if document is not None and policy_arn not in self.managed_policies:
            made = AWSManagedPolicy.from_data(name, self.account_id, self.region_name, document)
            self.managed_policies[made.arn] = made
        attach(self, policy_arn, role_name)

    IAMBackend.attach_role_policy = attach_role_policy


@cache
def _documents() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    documents: dict[str, Any] = json.loads(aws_managed_policies_data)
    return documents


PATCH = Patch(
    "iam-managed-policies",
    (Target("moto.iam.models", "IAMBackend.attach_role_policy", "e8207b104371"),),
    _apply,
)
