"""The predict function: answers HTTP requests and direct invocations."""

import os

from onehandler import early

# Before all other imports; nothing is left to do where the interpreter's start has begun it (functions/startup).
early.begin(os.environ)

from adapters import aws_lambda  # noqa: E402
from onehandler.handler import load  # noqa: E402
from onehandler.settings import Settings, snap_starts  # noqa: E402

settings = Settings(os.environ)
served = load(early.verified(settings) or settings.bundle, settings)
if snap_starts(os.environ):
    from adapters.aws_lambda import snapstart

    snapstart.register(served)
handler = aws_lambda.entry_point(served)
