"""Bundles that lie elsewhere, or in one file: brought to a folder of this machine, and verified there."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.bundle import Bundle


def load_brought(place: str, pinned: str, public_key: str) -> Bundle:
    """The bundle of an archive or an s3:// location; what each imports, only it needs."""
    if place.startswith("s3://"):
        from onehandler.bundle_sources.s3 import load_remote

        return load_remote(place, pinned, os.environ, public_key=public_key)
    from onehandler.bundle_archive import load_archive

    return load_archive(place, pinned, public_key=public_key)
