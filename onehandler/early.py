"""Begins to open the model before the platform's own program has been imported.

A cold start is two things that can happen at once: imports, which hold the interpreter lock, and ONNX Runtime's
start, which is C++ and doesn't. What an interpreter imports by itself (functions/startup/sitecustomize.py) is the
first moment to begin the latter; a handler that is loaded later finds it done, or well under way.
"""

from __future__ import annotations

import sys

from onehandler import frozen, onnx_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from onehandler.bundle import Bundle
    from onehandler.settings import Settings

# Seconds that a thread waits for another to hand it the interpreter: usually 5 ms. The model's threads need it but
# for moments, and a cold start should not wait for them to get it.
_SWITCH_S = 0.0002

_begun: list[float] = []
_verified: list[tuple[str, Bundle]] = []  # with what the settings called it, which may be s3://…


def begin(environ: Mapping[str, str]) -> None:
    """Load the library, verify the bundle that the settings name, and open its model, on other threads. Once.

    What is wrong with any of them is left for `Handler.load` to find again, where it can be told.
    """
    if _begun:
        return
    _begun.append(sys.getswitchinterval())
    sys.setswitchinterval(_SWITCH_S)
    onnx_start.start()
    frozen.install(environ.get("LAMBDA_TASK_ROOT", ""))
    # Imported only now, while the library loads.
    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.runtimes import begin_opening
    from onehandler.settings import Settings

    try:
        settings = Settings(environ)
        bundle = Bundle.load(settings.bundle, settings.digest, settings.public_key)
    except OnehandlerError:
        return
    begin_opening(bundle.runtime, bundle.model_path, settings.threads)
    _verified.append((settings.bundle, bundle))


def verified(settings: Settings) -> Bundle | None:
    """The bundle that `begin` has verified, once, if it is the one that these settings name."""
    if _begun:
        sys.setswitchinterval(_begun[0])
    while _verified:
        named, bundle = _verified.pop()
        if named == settings.bundle and settings.digest in ("", bundle.digest):
            return bundle
    return None
