"""moto reads an object whole for every range of it: a chunk of a large file costs as much as the file."""

from __future__ import annotations

from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.services import Services


class _Asked(local):
    """Whether this thread answers a request for a range."""

    range = False


class Content:
    """An object's bytes that are read where they are asked for. Nothing else of bytes is asked for."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def __len__(self) -> int:
        return int(self._key.contentsize)

    def __getitem__(self, wanted: slice) -> bytes:
        start, stop, _ = wanted.indices(len(self))
        with self._key.lock:
            buffer = self._key._value_buffer  # noqa: SLF001 - what moto itself reads
            buffer.seek(start)
            found: bytes = buffer.read(max(0, stop - start))
        return found


def _apply(_: Services) -> None:
    """A range is cut out of the whole object, which is read and copied for it, however large it is."""
    from moto.s3.models import FakeKey
    from moto.s3.responses import S3Response

    asked = _Asked()
    get_object, handle_range = S3Response.get_object, S3Response._handle_range_header  # noqa: SLF001
    value: Any = FakeKey.value

    @contextmanager
    def asking() -> Iterator[None]:
        asked.range = True
        try:
            yield
        finally:
            asked.range = False

    def lazily(self: Any) -> Any:
        return Content(self) if asked.range else value.fget(self)

    def ranged_get(self: Any) -> Any:
        if not self.headers.get("range"):
            return get_object(self)
        with asking():
            return get_object(self)

    def handled(self: Any, request: Any, headers: dict[str, Any], content: Any) -> Any:
        status, headers, found = handle_range(self, request, headers, content)
        return status, headers, found[:] if isinstance(found, Content) else found

    FakeKey.value = property(lazily, value.fset)
    S3Response.get_object = ranged_get
    S3Response._handle_range_header = handled  # noqa: SLF001


PATCH = Patch(
    "s3-ranges",
    (
        Target("moto.s3.models", "FakeKey.value", "5e9a53c3d82c"),
        Target("moto.s3.responses", "S3Response.get_object", "e9731229dec1"),
        Target("moto.s3.responses", "S3Response._handle_range_header", "d6480a54a4df"),
    ),
    _apply,
)
