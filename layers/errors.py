"""What a build refuses."""

from __future__ import annotations

from onehandler.errors import Kind, OnehandlerError


class BuildError(OnehandlerError):
    """An artifact that cannot be built, or must not be deployed as it would be."""

    kind = Kind.BUNDLE
