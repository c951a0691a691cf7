"""The program of a worker process: `python -P program.py SOCKET APP PACKAGES`.

SOCKET is an inherited file descriptor to the host, APP the app's folder, PACKAGES that of its packages (or
empty). Everything else is in service.py.
"""

from __future__ import annotations

import os
import socket
import sys
import sysconfig


def main(descriptor: int, app: str, packages: str) -> None:
    """Serve the host until it goes away."""
    import asyncio

    root = _repository()
    # Own modules are imported by their full names, and are off the path again before the app's are looked for.
    sys.path.insert(0, root)
    from local_emulator.azure.worker_program.service import Service

    sys.path.remove(root)
    _order_path(app, packages)
    os.chdir(app)
    asyncio.run(Service(socket.socket(fileno=descriptor)).serve())


def _repository() -> str:
    folder = os.path.abspath(__file__)  # noqa: PTH100 - pathlib is the app's to pay for
    for _ in range(4):
        folder = os.path.dirname(folder)  # noqa: PTH120
    return folder


def _order_path(app: str, packages: str) -> None:
    """Order the path as Microsoft's worker does: the app's packages, the worker's own, Python's, the app."""
    own = sysconfig.get_path("purelib")
    sys.path[:] = [*filter(None, (packages, own)), *(path for path in sys.path if path != own), app]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
