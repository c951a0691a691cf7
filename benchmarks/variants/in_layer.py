"""The predict function with its bundle in a layer: /opt/bundle on AWS, and beside its lib/ wherever layers are."""

import os

_layers = os.path.dirname(os.environ["LD_LIBRARY_PATH"].partition(":")[0])  # noqa: PTH120
os.environ["ONEHANDLER_BUNDLE"] = f"{_layers}/bundle"

from functions.predict import handler  # noqa: E402

__all__ = ["handler"]
