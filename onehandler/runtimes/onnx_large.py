"""What ONNX Runtime does differently with large weights: `onehandler build` puts them beside the graph."""

from __future__ import annotations

import os

from onehandler.errors import BundleError
from onehandler.settings import prepacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.runtimes.onnx_api import Api


def leave_in_place(api: Api, options: int) -> None:
    """Run on the weights where they are mapped, unless told to copy them into the layout of the kernels.

    For 100 MB that saves 85 ms of the first answer; runs of 2 to 32 rows then take up to four times as long.
    """
    if not prepacks(os.environ):
        api.check(api.AddSessionConfigEntry(options, b"session.disable_prepacking", b"1"), BundleError)
