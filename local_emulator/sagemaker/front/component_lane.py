"""Operations of inference components, which moto lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.front.lanes import TargetClaim
from local_emulator.sagemaker.front.operations import answered

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.http.messages import HttpRequest, HttpResponse
    from local_emulator.sagemaker.components import Components
    from local_emulator.sagemaker.contracts import Place

_FILTERS = {
    "EndpointNameEquals": "EndpointName",
    "VariantNameEquals": "VariantName",
    "StatusEquals": "InferenceComponentStatus",
}


@dataclass(frozen=True, slots=True)
class ComponentLane:
    """Answers them. `account_of` knows accounts by access key."""

    components: Components
    account_of: Callable[[str], str]

    claims = tuple(
        TargetClaim(f"SageMaker.{name}")
        for name in (
            "CreateInferenceComponent",
            "DescribeInferenceComponent",
            "UpdateInferenceComponent",
            "UpdateInferenceComponentRuntimeConfig",
            "DeleteInferenceComponent",
            "ListInferenceComponents",
        )
    )
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Do it, or say why not."""
        return answered(request, self.account_of, self._done)

    def _done(self, operation: str, place: Place, given: dict[str, Any]) -> dict[str, Any]:
        components = self.components
        if operation == "CreateInferenceComponent":
            return {"InferenceComponentArn": components.create(place, given).arn}
        if operation.startswith("Update"):
            return {"InferenceComponentArn": components.update(place, given).arn}
        if operation == "DescribeInferenceComponent":
            return components.find(place, given["InferenceComponentName"]).described()
        if operation == "DeleteInferenceComponent":
            components.delete(place, given["InferenceComponentName"])
            return {}
        found = [each.summary() for each in components.listed(place)]
        for name, member in _FILTERS.items():
            if name in given:
                found = [each for each in found if each[member] == given[name]]
        wanted = given.get("NameContains", "")
        return {"InferenceComponents": [each for each in found if wanted in each["InferenceComponentName"]]}
