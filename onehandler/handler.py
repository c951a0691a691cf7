"""Handler: one bundle, served. The one abstraction that every carrier calls.

    handler = Handler.load("build/bundles/churn")    once, in the init phase
    handler.predict({"X": tensor})                   named tensors in, named tensors out
    handler.answer(request)                          any client protocol; never raises

A bundle's own handler.py may define one subclass that overrides `preprocess`, `predict` or `postprocess`.
"""

from __future__ import annotations

import os

from onehandler.bundle import MANIFEST, Bundle
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.protocols.answering import answer
from onehandler.protocols.routing import require_served
from onehandler.runtimes import open_bundle
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from onehandler.batch.results import Result
    from onehandler.message import Request, Response
    from onehandler.protocols import Served
    from onehandler.protocols.listing import Listed
    from onehandler.protocols.routing import Parameters
    from onehandler.runtimes import Runtime
    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors


def load(bundle: Bundle | str, settings: Settings) -> Served:
    """What a deployment serves: one bundle's handler, or the models of a folder that holds several."""
    if isinstance(bundle, str) and not os.path.isfile(f"{bundle}/{MANIFEST}"):
        from onehandler import models  # most deployments serve one bundle, verified before this

        if models.lie_at(bundle):
            from onehandler.models.repository import Models

            return Models.load(bundle, settings)
    return Handler.load(bundle, settings)


class Handler:
    """Serves one bundle; safe to call from many threads at once."""

    def __init__(self, bundle: Bundle, runtime: Runtime, settings: Settings) -> None:
        self.bundle: Final = bundle
        self.signature: Final[Signature] = bundle.signature
        self.runtime: Final = runtime
        self.settings: Final = settings
        self.telemetry = Telemetry.of(settings)
        # What `preprocess` gives has to fit: the model, or, where it gives what came, what clients are told.
        own = type(self).preprocess is not Handler.preprocess
        self._wanted: Final = runtime.signature if own else bundle.signature

    @classmethod
    def load(cls, bundle: Bundle | str, settings: Settings | None = None) -> Handler:
        """Verify the bundle, open its model and make the handler (the bundle's own subclass, if it has one).

        `settings` default to the environment's. BundleError says what is wrong with the bundle.
        """
        settings = settings or Settings(os.environ)
        if isinstance(bundle, str):
            bundle = Bundle.load(bundle, settings.digest, settings.public_key)
        if settings.public_key and bundle.signer != settings.public_key:
            raise UntrustedBundle("was loaded without a look at its signature", where=bundle.folder)
        runtime = open_bundle(bundle, settings.threads)
        if not bundle.handler_path:  # code of its own may take other things from clients than the model does
            _check_declared(bundle.signature, runtime.signature)
        found = _own_class(bundle.handler_path, cls) if bundle.handler_path else cls
        return found(bundle, runtime, settings)

    def predict(self, inputs: Tensors) -> Tensors:
        """Answer named tensors with named tensors.

        Raises InvalidInput when the inputs don't fit the signature, ModelError when the model cannot answer
        them.
        """
        ready = self.preprocess(inputs)
        self._wanted.check_inputs(ready)
        return self.postprocess(self.runtime.run(ready))

    def preprocess(self, inputs: Tensors) -> Tensors:
        """Override to turn what clients send into what the model takes."""
        return inputs

    def postprocess(self, outputs: dict[str, Tensor]) -> Tensors:
        """Override to turn what the model gives into what clients get."""
        return outputs

    def answer(self, request: Request) -> Response:
        """Answer any client protocol over any HTTP-like carrier; every fault becomes a Response."""
        return answer(self, request)

    def choose(self, _request: Request, parameters: Parameters) -> Handler:
        """Itself, if the parameters of the request's path name its model; else NotFound."""
        if parameters:
            require_served(self.bundle, parameters)
        return self

    def listed(self) -> list[Listed]:
        """The one model there is; see onehandler.protocols.Served."""
        from onehandler.protocols.listing import Listed  # no prediction asks

        return [Listed(self.bundle.name, self.bundle.version)]

    def bundles(self) -> list[Bundle]:
        """The one bundle there is; see onehandler.protocols.Served."""
        return [self.bundle]

    def score(self, content: bytes, content_type: str) -> Iterator[Result]:
        """Answer a file of rows (text/csv, application/jsonl): exactly one result a row, in order.

        Rows that cannot be answered come back with their error; a header that doesn't fit is InvalidInput.
        """
        from onehandler.batch.rows import score_bytes  # an HTTP prediction never needs it

        return score_bytes(self, content, content_type)

    def close(self) -> None:
        """Free the model."""
        self.runtime.close()


def _check_declared(manifest: Signature, model: Signature) -> None:
    """Refuse a manifest whose tensors aren't those of the model file."""
    for side in ("inputs", "outputs"):
        told = [(spec.name, spec.dtype.name, len(spec.shape)) for spec in getattr(manifest, side)]
        real = [(spec.name, spec.dtype.name, len(spec.shape)) for spec in getattr(model, side)]
        if told != real:
            raise BundleError(f"the manifest's {side} {told} are not the model's {real}", where="signature")


def _own_class(path: str, base: type[Handler]) -> type[Handler]:
    """Execute the bundle's handler.py (its digest has been checked) and take its Handler subclass."""
    from types import ModuleType  # only bundles with code need it

    module = ModuleType("onehandler_bundle_handler")
    module.__file__ = path
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    # Not through importlib, which would leave a __pycache__ in the bundle, and the manifest lists none.
    exec(code, module.__dict__)  # noqa: S102 - what the bundle carries it for
    found = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise BundleError(f"must define one subclass of Handler, has {len(found)}", where=path)
    return found[0]
