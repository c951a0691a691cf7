"""Models: several models and versions, served as one Handler is.

A model is loaded when it is first asked for, once, however many ask at the same time. Where memory has a ceiling,
the least recently used have to go for it, and come back when they are asked for again.
"""

from __future__ import annotations

import os
import random
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from onehandler.bundle import Bundle
from onehandler.errors import BundleError, Conflict, NotFound, OnehandlerError, Unavailable
from onehandler.handler import Handler
from onehandler.models.layout import Layout, Model, Source, order, read_layout
from onehandler.models.memory import Loaded, resident
from onehandler.protocols.answering import answer
from onehandler.protocols.listing import Listed
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from onehandler.message import Request, Response
    from onehandler.protocols.routing import Parameters

_RETRIED_AFTER = 10.0  # seconds: reading a broken bundle again for every request would keep a server busy


class Models:
    """Implements onehandler.protocols.Served; safe to call from many threads at once.

    `draw` gives numbers from 0 up to 1 for splits, `clock` gives seconds.
    """

    def __init__(
        self,
        layout: Layout,
        settings: Settings,
        *,
        draw: Callable[[], float] = random.random,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.settings: Final = settings
        self.telemetry: Final = Telemetry.of(settings)
        self._layout = layout
        self._draw: Final = draw
        self._clock: Final = clock
        self._loaded: Final = Loaded(settings.models_bytes)
        self._failed: dict[tuple[str, str], tuple[float, OnehandlerError]] = {}
        self._lock: Final = Lock()  # around what is loaded
        self._loading: Final = Lock()  # one at a time, so that what each takes can be told

    @classmethod
    def load(cls, folder: str, settings: Settings | None = None) -> Models:
        """Read a folder of models and load the default one, which the first request is likely to want.

        BundleError says what is wrong with the folder. A model that cannot be loaded is left for its requests.
        """
        settings = settings or Settings(os.environ)
        models = cls(read_layout(folder, settings.digest), settings)
        default = models.default_model()
        if default is not None and default.split is None:
            try:
                models.handler(default, default.default)
            except OnehandlerError as error:
                models.telemetry.refused(error, 503)
        return models

    def answer(self, request: Request) -> Response:
        """Answer any client protocol with the model that the request asks for; never raises."""
        return answer(self, request)

    def choose(self, request: Request, parameters: Parameters) -> Handler:
        """The handler that answers; see onehandler.protocols.Served."""
        model = self.model(parameters.get("name", ""))
        return self.handler(model, _version(model, request, parameters, self._draw))

    def listed(self) -> list[Listed]:
        """Every version of every model, in order."""
        with self._lock:
            return [
                Listed(
                    name,
                    version,
                    default=version == model.default,
                    labels=tuple(label for label, of in model.labels.items() if of == version),
                    loaded=(name, version) in self._loaded,
                )
                for name, model in self._layout.models.items()
                for version in model.versions
            ]

    def bundles(self) -> list[Bundle]:
        """Every version's bundle that can be verified, each model's default version first, and the default model's."""
        found = []
        listed = self.listed()
        for each in sorted(
            listed, key=lambda each: (each.name != self._layout.default, each.name, not each.default)
        ):
            try:
                found.append(self.bundle(each.name, each.version))
            except BundleError as error:
                self.telemetry.refused(error, 503)
        if not found:
            raise Unavailable("none of the models can be loaded; the log says why")
        return found

    def default_model(self) -> Model | None:
        """The model of requests that name none; None where they are refused."""
        return self._layout.models.get(self._layout.default)

    def model(self, name: str) -> Model:
        """The model of that name, with "" the default one. NotFound lists those there are."""
        layout = self._layout
        found = layout.models.get(name or layout.default)
        if found is None:
            known = ", ".join(list(layout.models)[:20]) or "none so far"
            said = "there is no such model" if name else "the request must name a model: none is the default"
            raise NotFound(f"{said}; there are: {known}")
        return found

    def handler(self, model: Model, version: str) -> Handler:
        """That version's handler, loaded now if it isn't in memory."""
        key = (model.name, version)
        with self._lock:
            found = self._loaded.get(key)
        if found is not None:
            return found
        with self._loading:
            with self._lock:
                found = self._loaded.get(key)  # somebody else has loaded it meanwhile
            return found or self._load(key, model.versions[version])

    def bundle(self, name: str, version: str) -> Bundle:
        """A version's bundle, verified, its model not opened; BundleError when it must not be served."""
        return _bundle(self._layout.models[name].versions[version], name, version, self.settings.public_key)

    def add(self, name: str, source: Source, version: str = "1", *, evict: bool = True) -> None:
        """Serve one more model and load it. Conflict when there is one of that name; OutOfMemory, BundleError.

        Without `evict`, what is in memory stays there, and OutOfMemory says that it leaves no room.
        """
        if name in self._layout.models:
            raise Conflict("there is a model of this name; unload it first")
        model = Model(name, {version: source}, version, {})
        with self._loading:
            self._failed.pop((name, version), None)  # whoever asks has made room, or mended it
            self._load((name, version), source, evict=evict)
            self._layout = Layout({**self._layout.models, name: model}, self._layout.default)

    def remove(self, name: str) -> None:
        """Serve a model no longer; NotFound when there is none of that name."""
        model = self.model(name)
        with self._loading, self._lock:
            others = {each: found for each, found in self._layout.models.items() if each != name}
            self._layout = Layout(others, self._layout.default if self._layout.default in others else "")
            for version in model.versions:
                self._loaded.drop((name, version))

    def close(self) -> None:
        """Free all models."""
        with self._loading, self._lock:
            for name, model in self._layout.models.items():
                for version in model.versions:
                    self._loaded.drop((name, version))

    def _load(self, key: tuple[str, str], source: Source, *, evict: bool = True) -> Handler:
        """Load a version; what fails isn't tried again for some seconds."""
        when, failed = self._failed.get(key, (0.0, None))
        if failed is not None and self._clock() - when < _RETRIED_AFTER:
            raise failed.with_traceback(None)
        try:
            handler = self._opened(key, source, evict=evict)
        except Exception as error:  # noqa: BLE001 - a bundle's own code may raise anything
            failure = self._failure(error, key)
            self._failed[key] = (self._clock(), failure)
            raise failure from None
        self._failed.pop(key, None)
        return handler

    def _failure(self, error: Exception, key: tuple[str, str]) -> OnehandlerError:
        """What clients are told; the reason may hold paths, and is in the log."""
        if isinstance(error, OnehandlerError) and not isinstance(error, BundleError):
            return error
        if isinstance(error, OnehandlerError):
            self.telemetry.refused(error, 503)
        else:  # of the bundle's own code
            self.telemetry.failed(error, "")
        return Unavailable(f"model '{key[0]}', version {key[1]}, cannot be loaded; the log says why")

    def _opened(self, key: tuple[str, str], source: Source, *, evict: bool) -> Handler:
        bundle = _bundle(source, *key, self.settings.public_key)
        declared = sum(entry["bytes"] for entry in bundle.manifest["files"].values())
        where = "/".join(key)
        with self._lock:
            self._loaded.make_room(declared, where, evict=evict)
        before = resident()
        handler = Handler.load(bundle, self.settings)
        handler.telemetry = self.telemetry
        size = max(declared, resident() - before)
        with self._lock:
            self._loaded.make_room(size, where, evict=evict)
            self._loaded.put(key, handler, size)
        return handler


def _version(model: Model, request: Request, parameters: Parameters, draw: Callable[[], float]) -> str:
    """Which version a request gets: as its path says, else by the split, else the default."""
    if "label" in parameters:
        version = model.labels.get(parameters["label"], "")
        if not version:
            known = ", ".join(sorted(model.labels, key=order)) or "none"
            raise NotFound(f"model '{model.name}' has no such label; there are: {known}")
        return version
    if "version" in parameters:
        if parameters["version"] not in model.versions:
            known = ", ".join(list(model.versions)[-20:])
            raise NotFound(f"model '{model.name}' has no such version; there are: {known}")
        return parameters["version"]
    return model.split.version(request, draw) if model.split else model.default


def _bundle(source: Source, name: str, version: str, public_key: str) -> Bundle:
    bundle = Bundle.load(source.location, source.digest, public_key)
    if not source.any_name and (bundle.name, bundle.version) != (name, version):
        raise BundleError(
            f"is served as {name}/{version}, but its manifest says {bundle.name!r:.100}/{bundle.version!r:.100}",
            where=source.location,
        )
    return bundle
