"""moto looks through its own folder at every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """To tell whether a host is a service, it lists its folder and asks of each entry whether it is one too.

    That is done twice a request, 180 stat calls, which are a third of what an answer takes. It doesn't change.
    """
    from moto import backends

    found = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: found


PATCH = Patch("module-list", (Target("moto.backends", "list_of_moto_modules", "4f741a10b065"),), _apply)
