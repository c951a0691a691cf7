"""The one list of what we change in moto, and the check that moto is the one that it was written for."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from local_emulator.aws.moto_patches import (
    base_model_leak,
    cloudformation_change_sets,
    cloudformation_resources,
    cloudformation_stacks,
    cloudformation_templates,
    dynamodb_writes,
    event_rules,
    http_api,
    iam_managed_policies,
    lambda_code,
    lambda_configuration,
    lambda_invocation,
    lambda_layers,
    lambda_urls,
    lambda_versions,
    module_list,
    s3_object_files,
    s3_policy_conditions,
    s3_ranges,
)
from local_emulator.aws.moto_patches.patching import ABSENT, MOTO_VERSION, PatchError, Replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_emulator.aws.moto_patches.patching import Patch
    from local_emulator.aws.services import Services

PATCHES: tuple[Patch, ...] = (
    base_model_leak.PATCH,
    module_list.PATCH,
    cloudformation_templates.PATCH,
    cloudformation_resources.PATCH,
    cloudformation_stacks.PATCH,
    cloudformation_change_sets.PATCH,
    dynamodb_writes.PATCH,
    event_rules.PATCH,
    http_api.PATCH,
    iam_managed_policies.PATCH,
    lambda_code.PATCH,
    lambda_layers.PATCH,
    lambda_configuration.PATCH,
    lambda_versions.PATCH,
    lambda_invocation.PATCH,
    lambda_urls.PATCH,
    s3_object_files.PATCH,
    s3_policy_conditions.PATCH,
    s3_ranges.PATCH,
)


class PatchedMoto:
    """moto with patches on, for one emulator at a time. Applying twice is applying once."""

    _lock = Lock()
    _owner: PatchedMoto | None = None

    def __init__(self, patches: Sequence[Patch] = PATCHES) -> None:
        self._patches = patches
        self._replaced = Replaced()

    def apply(self, services: Services) -> None:
        """Check moto, then apply every patch. Raises PatchError, with nothing applied."""
        with PatchedMoto._lock:
            if PatchedMoto._owner is self:
                return
            if PatchedMoto._owner is not None:
                raise PatchError(
                    "another emulator runs in this process, and moto's state is the process's: close it first"
                )
            check(self._patches)
            PatchedMoto._owner = self
            for patch in self._patches:
                for target in patch.targets:
                    self._replaced.remember(target)
                patch.apply(services)

    def remove(self) -> None:
        """Put moto back as it was."""
        with PatchedMoto._lock:
            if PatchedMoto._owner is self:
                self._replaced.restore()
                PatchedMoto._owner = None


def check(patches: Sequence[Patch], found_version: str | None = None) -> None:
    """Raise PatchError if moto is not the version, or not the source, that the patches were written for."""
    import moto

    version = moto.__version__ if found_version is None else found_version
    if version != MOTO_VERSION:
        raise PatchError(
            f"moto {version} is installed; the emulator's patches are for {MOTO_VERSION}: "
            f"install moto=={MOTO_VERSION}, or review local_emulator/aws/moto_patches for {version}"
        )
    names = Counter(f"{target.module}:{target.attribute}" for patch in patches for target in patch.targets)
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        raise PatchError(f"more than one patch replaces {', '.join(twice)}: make them one")
    problems = [problem for patch in patches for problem in _problems(patch)]
    if problems:
        raise PatchError(
            f"moto {version} is not as released: {'; '.join(problems)}. "
            "Reinstall it, or review the patches named in local_emulator/aws/moto_patches"
        )


def _problems(patch: Patch) -> list[str]:
    problems = []
    for target in patch.targets:
        found = target.found_digest()
        if found != target.digest:
            is_there = "is not there" if found == ABSENT else f"has source digest {found}"
            known = "none" if target.digest == ABSENT else target.digest
            problems.append(
                f"{target.module}:{target.attribute} {is_there}, known is {known} (patch {patch.name})"
            )
    return problems
