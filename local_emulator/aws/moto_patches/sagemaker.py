"""moto calls an endpoint InService and a transform job Completed the moment they are created, and runs neither.

It also describes as {} what was not given.

It keeps the descriptions; what serves is local_emulator.sagemaker. moto has no UpdateEndpoint and no
StopTransformJob: they come in through the front (local_emulator/sagemaker/front/control_lane.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target
from local_emulator.sagemaker.contracts import Place
from local_emulator.sagemaker.specs import endpoint_spec, transform_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.sagemaker.contracts import EndpointSpec
    from local_emulator.sagemaker.runtime import SageMaker

_DESCRIBING = ("describe_model", "describe_endpoint_config", "describe_endpoint", "describe_transform_job")
TARGETS = (
    Target("moto.sagemaker.responses", "SageMakerResponse.describe_model", "f8f4d20106d4"),
    Target("moto.sagemaker.responses", "SageMakerResponse.describe_endpoint_config", "5dfbd466866c"),
    Target("moto.sagemaker.responses", "SageMakerResponse.describe_endpoint", "5a835533095b"),
    Target("moto.sagemaker.responses", "SageMakerResponse.describe_transform_job", "7feab46d8191"),
    Target("moto.sagemaker.models", "SageMakerModelBackend.validate_production_variants", "5d532614c477"),
    Target("moto.sagemaker.models", "SageMakerModelBackend.create_endpoint", "547454899915"),
    Target("moto.sagemaker.models", "SageMakerModelBackend.delete_endpoint", "1fb59ee16c92"),
    Target(
        "moto.sagemaker.models",
        "SageMakerModelBackend.update_endpoint_weights_and_capacities",
        "0bbabf230226",
    ),
    Target("moto.sagemaker.models", "SageMakerModelBackend.create_transform_job", "53e7fe036fa2"),
)


def patch(sagemaker: SageMaker) -> Patch:
    """Make the patch."""
    return Patch("sagemaker", TARGETS, lambda _: _apply(sagemaker))


def _apply(sagemaker: SageMaker) -> None:
    """An endpoint is Creating until its containers answer pings, and Failed when they don't; so are jobs."""
    from moto.sagemaker.responses import SageMakerResponse

    _apply_endpoints(sagemaker)
    _apply_jobs(sagemaker)
    for name in _DESCRIBING:
        setattr(SageMakerResponse, name, _of_what_was_given(getattr(SageMakerResponse, name)))


def _apply_endpoints(sagemaker: SageMaker) -> None:
    from moto.sagemaker.exceptions import ValidationError
    from moto.sagemaker.models import SageMakerModelBackend as Backend

    create, delete = Backend.create_endpoint, Backend.delete_endpoint
    weigh, validate = Backend.update_endpoint_weights_and_capacities, Backend.validate_production_variants

    def validate_variants(self: Any, production_variants: list[dict[str, Any]]) -> None:
        """Variants without a model wait for inference components."""
        validate(self, [each for each in production_variants if "ModelName" in each])

    def create_endpoint(self: Any, endpoint_name: str, endpoint_config_name: str, tags: Any) -> Any:
        if endpoint_name in self.endpoints:
            arn = self.endpoints[endpoint_name].arn
            raise ValidationError(message=f'Cannot create already existing endpoint "{arn}".')
        record = create(self, endpoint_name, endpoint_config_name, tags)
        record.endpoint_status = "Creating"
        spec = endpoint_spec(self, endpoint_config_name)
        sagemaker.create(_place(self), endpoint_name, spec, EndpointRecord(record))
        return record

    def delete_endpoint(self: Any, endpoint_name: str) -> None:
        delete(self, endpoint_name)
        sagemaker.delete(_place(self), endpoint_name)

    def update_weights(self: Any, endpoint_name: str, desired_weights_and_capacities: Any) -> Any:
        arn = weigh(self, endpoint_name, desired_weights_and_capacities)
        endpoint = sagemaker.find(_place(self), endpoint_name)
        if endpoint is not None:
            endpoint.weigh(_weights(desired_weights_and_capacities))
        return arn

    Backend.validate_production_variants = validate_variants
    Backend.create_endpoint = create_endpoint
    Backend.delete_endpoint = delete_endpoint
    Backend.update_endpoint_weights_and_capacities = update_weights


def _apply_jobs(sagemaker: SageMaker) -> None:
    from moto.sagemaker.exceptions import ValidationError
    from moto.sagemaker.models import SageMakerModelBackend as Backend

    transform = Backend.create_transform_job

    def create_transform_job(self: Any, *, transform_job_name: str, model_name: str, **rest: Any) -> Any:
        if transform_job_name in self.transform_jobs:
            raise ValidationError(message=f"Job name must be unique; {transform_job_name} exists.")
        if model_name not in self._models:
            raise ValidationError(message=f'Could not find model "{model_name}".')
        record = transform(self, transform_job_name=transform_job_name, model_name=model_name, **rest)
        record.transform_job_status = "InProgress"
        record.transform_end_time = None
        sagemaker.transforms.start(_place(self), transform_spec(self, record), JobRecord(record))
        return record

    Backend.create_transform_job = create_transform_job


def _of_what_was_given(describe: Any) -> Any:
    """What was not given is not told: AWS's SDK takes {} for a configuration whose members are missing."""

    @wraps(describe)
    def told(self: Any) -> Any:
        result = describe(self)
        found = {name: value for name, value in result.result.items() if value != {}}
        return type(result)(found)

    return told


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """moto's description of an endpoint. Implements Told."""

    record: Any

    def status(self, status: str, failure: str = "") -> None:
        """See Told."""
        self.record.failure_reason = failure or None
        self.record.endpoint_status = status
        self.record.last_modified_time = _now()

    def serves(self, spec: EndpointSpec) -> None:
        """See Told."""
        if spec.configuration == self.record.endpoint_config_name:
            return
        self.record.endpoint_config_name = spec.configuration
        self.record.production_variants = [
            {"VariantName": each.name, "CurrentWeight": each.weight, "DesiredWeight": each.weight}
            for each in spec.variants
        ]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """moto's description of a transform job. Implements JobTold."""

    record: Any

    def status(self, status: str, failure: str = "") -> None:
        """See JobTold."""
        self.record.failure_reason = failure
        self.record.transform_end_time = self.record.last_modified_time = _now()
        self.record.transform_job_status = status


def _weights(given: list[Mapping[str, Any]]) -> dict[str, float]:
    return {each["VariantName"]: float(each["DesiredWeight"]) for each in given if "DesiredWeight" in each}


def _place(backend: Any) -> Place:
    return Place(backend.account_id, backend.region_name)


def _now() -> datetime:
    """As moto has it: without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)
