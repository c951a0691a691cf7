"""moto's S3 objects complain when they are collected."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


class _ClosingFile(SpooledTemporaryFile[bytes]):
    """Closes when nobody holds it any more: what it kept is deleted, and there is nobody to warn."""

    def __del__(self) -> None:
        self.close()


def _apply(_: Services) -> None:
    """A deleted version or an overwritten object leaves its file open, and warns of it when collected.

    With moto's list of all instances (see base_model_leak) none of them ever was.
    """
    from moto.s3.models import FakeKey

    make, restore = FakeKey.__init__, FakeKey.__setstate__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        vars(self)["_value_buffer"].__class__ = _ClosingFile

    def set_state(self: Any, state: Any) -> None:
        restore(self, state)
        vars(self)["_value_buffer"].__class__ = _ClosingFile

    def delete(self: Any) -> None:
        self.dispose()

    FakeKey.__init__ = init
    FakeKey.__setstate__ = set_state
    FakeKey.__del__ = delete


PATCH = Patch(
    "s3-object-files",
    (
        Target("moto.s3.models", "FakeKey.__init__", "cd9d1347667a"),
        Target("moto.s3.models", "FakeKey.__setstate__", "5ce39b3d465a"),
        Target("moto.s3.models", "FakeKey.__del__", "5e2666415ddb"),
    ),
    _apply,
)
