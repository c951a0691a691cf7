"""Inference components: models that are put on an endpoint one by one, each asked by its own name.

Each is served by processes of its own, as a variant is; how many copies are wanted is told and not acted on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_emulator.sagemaker.contracts import ContainerSpec, EndpointSpec, VariantSpec
from local_emulator.sagemaker.errors import InvalidRequest
from local_emulator.sagemaker.specs import container_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local_emulator.sagemaker.contracts import Place
    from local_emulator.sagemaker.endpoint import Endpoint
    from local_emulator.sagemaker.runtime import SageMaker

_KEY = "component/"  # no endpoint has a slash in its name
_REFUSED = ("BaseInferenceComponentName", "InstanceType", "DataCacheConfig", "SchedulingConfig")


@dataclass(slots=True)
class Component:
    """What is told of one component. Implements Told."""

    name: str
    arn: str
    endpoint: str
    endpoint_arn: str
    variant: str
    specification: Mapping[str, Any]
    copies: int
    state: str = "Creating"
    failure: str = ""
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)

    def status(self, status: str, failure: str = "") -> None:
        """See Told."""
        self.failure = failure
        self.modified = time.time()
        self.state = status

    def serves(self, _spec: EndpointSpec) -> None:
        """See Told."""

    def summary(self) -> dict[str, Any]:
        """As ListInferenceComponents has it."""
        return {
            "InferenceComponentName": self.name,
            "InferenceComponentArn": self.arn,
            "EndpointName": self.endpoint,
            "EndpointArn": self.endpoint_arn,
            "VariantName": self.variant,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "InferenceComponentStatus": self.state,
        }

    def described(self) -> dict[str, Any]:
        """As DescribeInferenceComponent has it."""
        copies = {"DesiredCopyCount": self.copies, "CurrentCopyCount": self.copies}
        told = {**self.summary(), "Specification": self.specification, "RuntimeConfig": copies}
        return {**told, "FailureReason": self.failure} if self.failure else told


class Components:
    """All components. `backend` gives moto's backend of a place, which knows endpoints and models."""

    def __init__(self, sagemaker: SageMaker, backend: Callable[[Place], Any]) -> None:
        self._sagemaker = sagemaker
        self._backend = backend
        self._known: dict[tuple[Place, str], Component] = {}

    def create(self, place: Place, given: Mapping[str, Any]) -> Component:
        """Begin to start one. InvalidRequest for an endpoint or a specification that cannot be."""
        name, endpoint = given["InferenceComponentName"], given["EndpointName"]
        if (place, name) in self._known:
            raise InvalidRequest(f'Cannot create already existing inference component "{name}".')
        record = self._backend(place).endpoints.get(endpoint)
        if record is None:
            raise InvalidRequest(f'Could not find endpoint "{endpoint}".')
        variant = given.get("VariantName") or record.production_variants[0]["VariantName"]
        if variant not in {each["VariantName"] for each in record.production_variants}:
            raise InvalidRequest(f'The endpoint has no variant "{variant}".')
        spec = self._spec(place, given, variant)
        component = Component(
            name=name,
            arn=f"arn:aws:sagemaker:{place.region}:{place.account_id}:inference-component/{name}",
            endpoint=endpoint,
            endpoint_arn=record.arn,
            variant=variant,
            specification=given["Specification"],
            copies=_copies(given.get("RuntimeConfig")),
        )
        self._known[place, name] = component
        self._sagemaker.create(place, _KEY + name, spec, component)
        return component

    def update(self, place: Place, given: Mapping[str, Any]) -> Component:
        """Begin to change one over to another specification, or note how many copies are wanted."""
        component = self.find(place, given["InferenceComponentName"])
        wanted = given.get("RuntimeConfig") or given.get("DesiredRuntimeConfig")
        if wanted:
            component.copies = _copies(wanted)
        if "Specification" in given:
            spec = self._spec(place, given, component.variant)
            component.specification = given["Specification"]
            component.state = "Updating"
            self._sagemaker.update(place, _KEY + component.name, spec)
        return component

    def delete(self, place: Place, name: str) -> None:
        """Begin to stop one."""
        self.find(place, name)
        del self._known[place, name]
        self._sagemaker.delete(place, _KEY + name)

    def find(self, place: Place, name: str) -> Component:
        """One of that name. InvalidRequest when there is none."""
        found = self._known.get((place, name))
        if found is None:
            raise InvalidRequest(f'Could not find inference component "{name}".')
        return found

    def listed(self, place: Place) -> Iterator[Component]:
        """All of a place, in the order of their creation."""
        return (each for (where, _), each in self._known.items() if where == place)

    def serving(self, place: Place, name: str, endpoint: str) -> Endpoint:
        """What answers for a component of an endpoint. InvalidRequest when there is none."""
        if self.find(place, name).endpoint != endpoint:
            raise InvalidRequest(f'Inference component "{name}" is not on endpoint "{endpoint}".')
        found = self._sagemaker.find(place, _KEY + name)
        assert found is not None, "it is known"
        return found

    def _spec(self, place: Place, given: Mapping[str, Any], variant: str) -> EndpointSpec:
        told = given.get("Specification")
        if not told or given.get("Specifications"):
            raise InvalidRequest("the emulator takes one Specification")
        for name in _REFUSED:
            if name in told:
                raise InvalidRequest(f"the emulator does not support {name} of inference components")
        container, problem = self._container(place, told)
        startup = (told.get("StartupParameters") or {}).get(
            "ContainerStartupHealthCheckTimeoutInSeconds", 240
        )
        return EndpointSpec("", (VariantSpec(variant, container, startup_s=startup, problem=problem),))

    def _container(self, place: Place, told: Mapping[str, Any]) -> tuple[ContainerSpec, str]:
        if "ModelName" in told:
            model = self._backend(place)._models.get(told["ModelName"])  # noqa: SLF001 - moto has no other way
            if model is None:
                raise InvalidRequest(f'Could not find model "{told["ModelName"]}".')
            return container_of(model)
        given = told.get("Container") or {}
        if not given.get("Image"):
            raise InvalidRequest("a Specification needs a ModelName, or a Container with its Image")
        return ContainerSpec(given["Image"], given.get("ArtifactUrl", ""), given.get("Environment") or {}), ""


def _copies(given: Mapping[str, Any] | None) -> int:
    return int((given or {}).get("CopyCount", 1))
