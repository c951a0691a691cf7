"""moto keeps every model it ever made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """BaseModel.__new__ appends each instance to a list on its class, for a dashboard of moto's own.

    Nothing takes them off before a reset: every message, log event and stack event is kept for ever.
    """
    from moto.core.common_models import BaseModel

    def new(cls: type[Any], *_args: Any, **_kwargs: Any) -> Any:
        return object.__new__(cls)

    BaseModel.__new__ = new


PATCH = Patch(
    "base-model-leak", (Target("moto.core.common_models", "BaseModel.__new__", "08cf0ef20e88"),), _apply
)
