"""The predict function: answers HTTP requests and direct invocations."""

from onehandler.runtimes import onnx_library

# First of all: the library loads on a thread of its own while everything else is imported.
onnx_library.begin_loading()

import os  # noqa: E402

from adapters import aws_lambda  # noqa: E402
from onehandler.handler import Handler  # noqa: E402
from onehandler.settings import Settings, snap_starts  # noqa: E402

settings = Settings(os.environ)
served = Handler.load(settings.bundle, settings)
if snap_starts(os.environ):
    from adapters.aws_lambda import snapstart

    snapstart.register(served)
handler = aws_lambda.entry_point(served)
