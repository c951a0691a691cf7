"""moto gives out function URLs that lead to AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(services: Services) -> None:
    """FunctionUrl is a host of AWS without its slash, InvokeMode is misspelt, and updates ignore it.

    A qualifier is dropped in silence: the URL of an alias would invoke $LATEST.
    """
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.awslambda.models import FunctionUrlConfig
    from moto.awslambda.responses import LambdaResponse

    describe, change, answer = (
        FunctionUrlConfig.to_dict,
        FunctionUrlConfig.update,
        LambdaResponse.create_function_url_config,
    )

    def to_dict(self: Any) -> dict[str, Any]:
        url_id = (urlsplit(self.url).hostname or "").partition(".")[0]
        mode = self.config.get("InvokeMode") or "BUFFERED"
        return {
            **describe(self),
            "FunctionUrl": services.addresses.function_url(url_id),
            "InvokeMode": mode,
        }

    def update(self: Any, new_config: dict[str, Any]) -> None:
        change(self, new_config)
        self.config.update({name: new_config[name] for name in ("Cors", "InvokeMode") if name in new_config})

    def create_function_url_config(self: Any) -> Any:
        qualifier = self.querystring.get("Qualifier", [None])[0]
        if qualifier is not None:
            raise InvalidParameterValueException(
                f"Qualifier {qualifier} is not supported by the emulator: its function URLs invoke $LATEST"
            )
        return answer(self)

    FunctionUrlConfig.to_dict = to_dict
    FunctionUrlConfig.update = update
    LambdaResponse.create_function_url_config = create_function_url_config


PATCH = Patch(
    "lambda-urls",
    (
        Target("moto.awslambda.models", "FunctionUrlConfig.to_dict", "727e485c7073"),
        Target("moto.awslambda.models", "FunctionUrlConfig.update", "1b615142b1aa"),
        Target("moto.awslambda.responses", "LambdaResponse.create_function_url_config", "da0086c6fba2"),
    ),
    _apply,
)
