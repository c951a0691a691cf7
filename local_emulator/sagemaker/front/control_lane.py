"""Operations of SageMaker's control plane that moto lacks: UpdateEndpoint and StopTransformJob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.front.lanes import TargetClaim
from local_emulator.sagemaker.errors import InvalidRequest
from local_emulator.sagemaker.front.operations import answered
from local_emulator.sagemaker.specs import endpoint_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.http.messages import HttpRequest, HttpResponse
    from local_emulator.sagemaker.contracts import Place
    from local_emulator.sagemaker.runtime import SageMaker

_KEPT = ("RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "RetainDeploymentConfig")


@dataclass(frozen=True, slots=True)
class ControlLane:
    """Answers those operations. `backend` gives moto's backend of a place, `account_of` accounts by access key."""

    sagemaker: SageMaker
    backend: Callable[[Place], Any]
    account_of: Callable[[str], str]

    claims = (TargetClaim("SageMaker.UpdateEndpoint"), TargetClaim("SageMaker.StopTransformJob"))
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Do it, or say why not."""
        return answered(request, self.account_of, self._done)

    def _done(self, operation: str, place: Place, given: dict[str, Any]) -> dict[str, Any]:
        return self._update(place, given) if operation == "UpdateEndpoint" else self._stop(place, given)

    def _stop(self, place: Place, given: dict[str, Any]) -> dict[str, Any]:
        name = given["TransformJobName"]
        record = self.backend(place).transform_jobs.get(name)
        if record is None:
            raise InvalidRequest(f"Could not find transform job '{name}'.")
        if not self.sagemaker.transforms.stop(place, name):
            raise InvalidRequest(
                f"The request was rejected because the transform job is in status {_status(record)}."
            )
        if _status(record) == "InProgress":
            record.transform_job_status = "Stopping"
        return {}

    def _update(self, place: Place, given: dict[str, Any]) -> dict[str, Any]:
        name, configuration = given["EndpointName"], given["EndpointConfigName"]
        backend = self.backend(place)
        record = backend.endpoints.get(name)
        if record is None:
            raise InvalidRequest(f'Could not find endpoint "{name}".')
        if configuration not in backend.endpoint_configs:
            raise InvalidRequest(f'Could not find endpoint configuration "{configuration}".')
        if record.endpoint_status not in ("InService", "Failed"):
            raise InvalidRequest(f"Cannot update in-progress endpoint {record.arn}.")
        for kept in _KEPT:
            if given.get(kept):
                raise InvalidRequest(f"the emulator does not support {kept}")
        record.endpoint_status = "Updating"
        self.sagemaker.update(place, name, endpoint_spec(backend, configuration))
        return {"EndpointArn": record.arn}


def _status(record: Any) -> str:
    status: str = record.transform_job_status
    return status
