"""The list of patches, and the check that moto is the moto they were written for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from local_emulator.aws.moto_patches.patching import ABSENT, Patch, PatchError, Target
from local_emulator.aws.moto_patches.registry import PATCHES, PatchedMoto, check
from tests.local_emulator.aws.emulators import NoExecution, control_plane

if TYPE_CHECKING:
    from pathlib import Path

INVOKE = ("moto.awslambda.models", "LambdaFunction.invoke")


def test_the_installed_moto_is_the_one_that_is_patched() -> None:
    check(PATCHES)


def test_another_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(PatchError, match=r"moto 5\.9\.9 is installed.*install moto==5\.2\.5"):
        check(PATCHES, found_version="5.9.9")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(*INVOKE, digest="000000000000"), "LambdaFunction.invoke has source digest"),
        (Target(INVOKE[0], "LambdaFunction.fly", digest="abc"), "LambdaFunction.fly is not there"),
        (Target(*INVOKE, digest=ABSENT), "known is none"),
    ],
)
def test_a_changed_attribute_is_refused_by_name(target: Target, said: str) -> None:
    with pytest.raises(PatchError, match=said) as refused:
        check([Patch("mine", (target,), lambda _: None)])
    assert "patch mine" in str(refused.value)


def test_two_patches_of_one_attribute_are_refused() -> None:
    with pytest.raises(PatchError, match=r"more than one patch replaces .*LambdaFunction\.invoke"):
        check([*PATCHES, replace(_patch_of("lambda-invocation"), name="again")])


def test_every_patch_says_what_moto_does_wrong() -> None:
    for patch in PATCHES:
        assert len((patch.apply.__doc__ or "").split()) > 10, patch.name


def test_applying_twice_is_applying_once_and_removing_restores(tmp_path: Path) -> None:
    from moto.awslambda import models

    before = vars(models.LambdaFunction)["invoke"]
    with control_plane(tmp_path):
        patched = vars(models.LambdaFunction)["invoke"]
        assert patched is not before
        with pytest.raises(PatchError, match="another emulator runs in this process"):
            PatchedMoto().apply(_unused())
        assert vars(models.LambdaFunction)["invoke"] is patched
    assert vars(models.LambdaFunction)["invoke"] is before
    check(PATCHES)


def test_applying_the_same_set_again_changes_nothing() -> None:
    calls: list[object] = []
    moto = PatchedMoto([Patch("count", (), calls.append)])
    moto.apply(_unused())
    moto.apply(_unused())
    moto.remove()
    moto.remove()
    assert len(calls) == 1


def test_an_emulator_with_a_wrong_patch_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = Patch("wrong", (Target(*INVOKE, digest="000000000000"),), lambda _: None)
    settings = EmulatorSettings(tmp_path, port=0)
    emulator = AwsEmulator(settings, lambda *_: NoExecution(), [wrong])
    with pytest.raises(PatchError):
        emulator.start()
    check(PATCHES)
    with control_plane(tmp_path) as running:
        assert running.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_emulators_after_each_other_share_nothing(tmp_path: Path) -> None:
    with control_plane(tmp_path) as first:
        first.client("s3").create_bucket(Bucket="mine")
    with control_plane(tmp_path) as second:
        assert second.client("s3").list_buckets()["Buckets"] == []


def _patch_of(name: str) -> Patch:
    return next(patch for patch in PATCHES if patch.name == name)


def _unused() -> Any:
    return None
