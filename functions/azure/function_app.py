"""What is deployed to Azure Functions: one app with all functions, by the v2 programming model."""

import os
from pathlib import Path

from onehandler import early, frozen

root = str(Path(__file__).resolve().parent)
environ = {"ONEHANDLER_BUNDLE": f"{root}/bundle", **os.environ}
frozen.install(root)
early.begin(environ)  # before all other imports: the model opens meanwhile

from adapters.azure_functions import function_app  # noqa: E402

app = function_app(environ, "adapters.azure_storage")
