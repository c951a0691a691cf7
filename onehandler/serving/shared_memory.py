"""Memory that a parent and its workers share, also those that are programs of their own: a file of no folder."""

from __future__ import annotations

import os


def shared_memory(size: int) -> int:
    """A descriptor of so many bytes, all zero. Containers may have no folder that can be written to."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("onehandler")
    else:
        import tempfile  # not Linux

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
