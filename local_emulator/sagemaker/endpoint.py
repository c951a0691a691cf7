"""An endpoint from Creating to Deleting: its variants, which of them answers, and how one set takes another's place."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from local_emulator.sagemaker.errors import InvalidRequest, SageMakerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local_emulator.sagemaker.contracts import AsyncSpec, EndpointSpec, VariantSpec
    from local_emulator.sagemaker.fleet import Fleet
    from local_emulator.sagemaker.process import ServingProcess


class Told(Protocol):
    """Who describes the endpoint: moto's record of it."""

    def status(self, status: str, failure: str = "") -> None:
        """A new status, with the reason when something failed."""
        ...

    def serves(self, spec: EndpointSpec) -> None:
        """The endpoint has this configuration from now on."""
        ...


@dataclass(slots=True)
class Variant:
    """A variant in service; its weight may change."""

    fleet: Fleet
    weight: float

    @property
    def name(self) -> str:
        """The production variant's name."""
        return self.fleet.spec.name


class Endpoint:
    """One endpoint. `make` gives a fleet that has not begun; `draw` gives numbers from 0 up to 1."""

    def __init__(
        self, name: str, make: Callable[[VariantSpec], Fleet], told: Told, draw: Callable[[], float]
    ) -> None:
        self.name = name
        self._make = make
        self._told = told
        self._draw = draw
        self._variants: tuple[Variant, ...] = ()
        self._changing = threading.Lock()  # one change at a time
        self._deleted = threading.Event()
        self.asynchronous: AsyncSpec | None = None

    def create(self, spec: EndpointSpec) -> None:
        """Start everything; afterwards the endpoint is InService, or Failed with the reason."""
        with self._changing:
            try:
                started = self._started(spec)
            except SageMakerError as error:
                self._told.status("Failed", error.message)
                return
            self._take(spec, started)

    def update(self, spec: EndpointSpec) -> None:
        """Start the new variants beside the old, then change over: no request goes unanswered.

        When a new one doesn't start, the old ones stay, and the reason is told: SageMaker's rollback.
        """
        with self._changing:
            if self._deleted.is_set():
                return
            try:
                started = self._started(spec)
            except SageMakerError as error:
                self._told.status("InService", error.message)
                return
            old = self._variants
            self._take(spec, started)
            for variant in old:
                variant.fleet.end()

    def delete(self) -> None:
        """Answer nothing more, then stop everything."""
        self._deleted.set()
        with self._changing:
            old, self._variants = self._variants, ()
            for variant in old:
                variant.fleet.end()

    def weigh(self, weights: dict[str, float]) -> None:
        """Change weights by variant, from the next request on."""
        for variant in self._variants:
            variant.weight = weights.get(variant.name, variant.weight)

    @contextmanager
    def asked(self, target: str) -> Iterator[tuple[Variant, ServingProcess]]:
        """A variant and its process for the length of a request: that of the name, or one drawn by the weights.

        InvalidRequest when there is none; NotReady, Throttled.
        """
        variant = self._chosen(target)
        while not variant.fleet.enter():  # another set has taken its place since
            variant = self._chosen(target)
        try:
            yield variant, variant.fleet.process()
        finally:
            variant.fleet.leave()

    def _chosen(self, target: str) -> Variant:
        variants = self._variants
        if not variants:
            raise InvalidRequest(
                f"Endpoint {self.name} is not in service, or has inference components only: name one."
            )
        return _named(variants, target) if target else self._drawn(variants)

    def _drawn(self, variants: Sequence[Variant]) -> Variant:
        total = sum(variant.weight for variant in variants)
        if total <= 0:
            raise InvalidRequest("all variants have weight 0")
        mark = self._draw() * total
        for variant in variants:
            mark -= variant.weight
            if mark < 0:
                return variant
        raise AssertionError("the mark lies within the weights")

    def _take(self, spec: EndpointSpec, started: list[Variant]) -> None:
        self._variants = tuple(started)
        self.asynchronous = spec.asynchronous
        self._told.serves(spec)
        self._told.status("InService")

    def _started(self, spec: EndpointSpec) -> list[Variant]:
        """Every variant, begun; none when one cannot."""
        begun: list[Variant] = []
        try:
            for each in spec.variants:
                fleet = self._make(each)
                begun.append(Variant(fleet, each.weight))
                fleet.begin()
        except BaseException:
            for variant in begun:
                variant.fleet.end(0)
            raise
        return begun


def _named(variants: Sequence[Variant], name: str) -> Variant:
    for variant in variants:
        if variant.name == name:
            return variant
    raise InvalidRequest(f"Variant {name} is not available in this endpoint.")
