"""Operations of SageMaker's control plane that moto lacks: UpdateEndpoint and StopTransformJob.

Those of inference components are refused by name: moto would answer 404 with a page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.front.credentials import credential_of
from local_emulator.aws.front.lanes import TargetClaim
from local_emulator.http.messages import HttpResponse
from local_emulator.sagemaker.contracts import Place
from local_emulator.sagemaker.errors import InvalidRequest
from local_emulator.sagemaker.specs import endpoint_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.http.messages import HttpRequest
    from local_emulator.sagemaker.runtime import SageMaker

_COMPONENTS = tuple(
    f"{verb}InferenceComponent{rest}"
    for verb, rest in (
        *(("Create", ""), ("Describe", ""), ("Delete", ""), ("Update", "")),
        *(("List", "s"), ("Update", "RuntimeConfig")),
    )
)
_REFUSED = (
    "inference components are not supported by the emulator; name a model in the endpoint configuration"
)
_KEPT = ("RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "RetainDeploymentConfig")


@dataclass(frozen=True, slots=True)
class ControlLane:
    """Answers those operations. `backend` gives moto's backend of a place, `account_of` accounts by access key."""

    sagemaker: SageMaker
    backend: Callable[[Place], Any]
    account_of: Callable[[str], str]

    claims = tuple(
        TargetClaim(f"SageMaker.{name}") for name in ("UpdateEndpoint", "StopTransformJob", *_COMPONENTS)
    )
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Do it, or say why not."""
        operation = (request.head.headers.get("x-amz-target") or "").rpartition(".")[2]
        try:
            given = json.loads(request.body.read() or b"{}")
            told = self._done(operation, self._place(request), given)
        except InvalidRequest as error:
            return _json(400, {"__type": "ValidationException", "message": error.message})
        except (ValueError, TypeError, KeyError):
            return _json(
                400, {"__type": "SerializationException", "message": "the request is not understood"}
            )
        return _json(200, told)

    def _done(self, operation: str, place: Place, given: dict[str, Any]) -> dict[str, Any]:
        if operation in _COMPONENTS:
            raise InvalidRequest(_REFUSED)
        if operation == "UpdateEndpoint":
            return self._update(place, given)
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

    def _place(self, request: HttpRequest) -> Place:
        credential = credential_of(request.head)
        if credential is None:
            raise InvalidRequest("the request is not signed: its region is not known")
        return Place(self.account_of(credential.access_key), credential.region)


def _status(record: Any) -> str:
    status: str = record.transform_job_status
    return status


def _json(status: int, told: dict[str, Any]) -> HttpResponse:
    return HttpResponse(status, (("Content-Type", "application/x-amz-json-1.1"),), json.dumps(told).encode())
