"""The ways to execute a model, one file each; this table is all that knows them by name.

Adding one is a file here with `open_model`, a line in `RUNTIMES`, and tests in tests/onehandler/runtimes.
"""

from __future__ import annotations

from importlib import import_module

from onehandler.errors import BundleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors

    class Runtime(Protocol):
        """An open model. One object serves many threads at once."""

        @property
        def signature(self) -> Signature:
            """The names, types and shapes that the model file itself declares (no column names)."""
            ...

        def run(self, inputs: Tensors) -> dict[str, Tensor]:
            """Execute once.

            `inputs` have been checked against the signature. Gives every output by name. Raises ModelError
            with the runtime's own words when the model cannot answer these values.
            """
            ...

        def close(self) -> None:
            """Free the model; running it afterwards is an error, closing twice is not."""
            ...

    class Opener(Protocol):
        """What each runtime's file offers as `open_model`."""

        def __call__(self, path: str, threads: int) -> Runtime:
            """Open the model file or raise BundleError; `threads` is how many cores one run may use."""
            ...


RUNTIMES = {
    "onnx": "onehandler.runtimes.onnx",
}


def open_model(runtime: str, path: str, threads: int) -> Runtime:
    """Open a model file with the runtime of that name; BundleError lists the names there are."""
    module = RUNTIMES.get(runtime)
    if module is None:
        raise BundleError(
            f"there is no runtime '{runtime}'; there are {', '.join(RUNTIMES)}", where="runtime"
        )
    opener: Opener = import_module(module).open_model
    return opener(path, threads)
