"""The ways to execute a model, one file each; this table is all that knows them by name.

Adding one is a file here with `open_model`, a line in `RUNTIMES`, and tests in tests/onehandler/runtimes.
"""

from __future__ import annotations

from importlib import import_module
from threading import Thread

from onehandler.errors import BundleError, OnehandlerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final, Protocol

    from onehandler.bundle import Bundle
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
# They execute what is in the bundle, and read more of it than one file: `open_bundle`.
RUNTIMES_OF_CODE = {
    "joblib": "onehandler.runtimes.joblib",
    "python": "onehandler.runtimes.python",
}


def open_bundle(bundle: Bundle, threads: int) -> Runtime:
    """Open a verified bundle's model. Raises BundleError; UntrustedBundle for code that nobody allowed."""
    module = RUNTIMES_OF_CODE.get(bundle.runtime)
    if module is None:
        runtime = open_model(bundle.runtime, bundle.model_path, threads)
    else:
        opener: Callable[[Bundle], Runtime] = import_module(module).open_bundle
        runtime = opener(bundle)
    if "preprocessing" not in bundle.manifest:
        return runtime
    from onehandler.preprocessing import prepared  # most models take what clients send

    return prepared(bundle, runtime)


def open_model(runtime: str, path: str, threads: int) -> Runtime:
    """Open a model file with the runtime of that name; BundleError lists the names there are."""
    begun = _begun.pop((runtime, path, threads), None)
    return begun.opened() if begun else _opener(runtime)(path, threads)


def begin_opening(runtime: str, path: str, threads: int) -> None:
    """Open a model on another thread, for a later `open_model` of the same, which also tells what went wrong."""
    key = (runtime, path, threads)
    if runtime in RUNTIMES and key not in _begun:
        _begun[key] = _Opening(_opener(runtime), path, threads)


class _Opening:
    """A model that is being opened, and what came of it."""

    def __init__(self, opener: Opener, path: str, threads: int) -> None:
        self._opener: Final = opener
        self._arguments: Final = (path, threads)
        self._model: Runtime | None = None
        self._error: OnehandlerError | None = None
        self._thread: Final = Thread(target=self._open, name="model-opener")
        self._thread.start()

    def opened(self) -> Runtime:
        """The model, as soon as it is open. Raises what opening it raised."""
        self._thread.join()
        if self._model is None:
            raise self._error or BundleError("the model was not opened", where=self._arguments[0])
        return self._model

    def _open(self) -> None:
        try:
            self._model = self._opener(*self._arguments)
        except OnehandlerError as error:
            self._error = error


_begun: dict[tuple[str, str, int], _Opening] = {}


def _opener(runtime: str) -> Opener:
    module = RUNTIMES.get(runtime)
    if module is None:
        raise BundleError(
            f"there is no runtime '{runtime}'; there are {', '.join((*RUNTIMES, *RUNTIMES_OF_CODE))}",
            where="runtime",
        )
    opener: Opener = import_module(module).open_model
    return opener
