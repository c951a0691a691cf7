"""TensorFlow, Keras and tf2onnx, imported without their talk and set up to answer alike everywhere.

They read their settings while they are imported (3 to 10 seconds), and each imports TensorFlow: nothing else here
imports them, or the settings would come too late.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else some lines on the processor at every start
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its sums differ from processor to processor
os.environ["KERAS_BACKEND"] = "tensorflow"  # what is traced here are TensorFlow's functions

tf: Any = import_module("tensorflow")
tf.get_logger().setLevel(logging.ERROR)
tf.config.set_visible_devices([], "GPU")  # it computes in fewer bits than the converted model does
keras: Any = import_module("keras")
tf2onnx: Any = import_module("tf2onnx")
for _part in ("optimizer", "tf_loader", "tfonnx"):
    import_module(f"tf2onnx.{_part}")
logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # what it could not convert is read off the result


def versions() -> dict[str, str]:
    """For the manifest: TensorFlow goes by several names."""
    found = {"tf2onnx": version("tf2onnx"), "onnx": version("onnx")}
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return {name: version(name), **found}
        except PackageNotFoundError:
            continue
    return {"tensorflow": str(tf.__version__), **found}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what TFLite's interpreter says of itself from standard error, for the length of a with block."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has moved to another package
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
