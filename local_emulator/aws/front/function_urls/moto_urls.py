"""Function URLs as moto's awslambda keeps them, in our terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_emulator.aws.front.ports import Cors, FunctionUrl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class MotoFunctionUrlDirectory:
    """Reads moto's awslambda backends, of every account and region."""

    def __init__(self) -> None:
        # Here, not above: moto takes half a second to import, and the lane is tested without it.
        from moto.awslambda.models import lambda_backends

        self._backends = lambda_backends

    def find_url(self, url_id: str) -> FunctionUrl | None:
        """Find the URL whose host name begins with this id."""
        for function in self._functions():
            configuration = function.url_config
            if configuration is not None and url_id_of(configuration.url) == url_id:
                return _translate(url_id, function, configuration.config)
        return None

    def _functions(self) -> Iterator[Any]:
        # Copies, because another thread may create a function while we look.
        for regions in list(self._backends.values()):
            for backend in list(regions.values()):
                yield from list(backend.list_functions())


def url_id_of(url: str) -> str:
    """Give the id in a function URL: the first label of its host name."""
    return (urlsplit(url).hostname or "").partition(".")[0]


def _translate(url_id: str, function: Any, config: Mapping[str, Any]) -> FunctionUrl:
    return FunctionUrl(
        url_id=url_id,
        account_id=function.account_id,
        region=function.region,
        function_name=function.function_name,
        auth_type=config.get("AuthType") or "NONE",
        invoke_mode=config.get("InvokeMode") or "BUFFERED",
        cors=_cors(config.get("Cors")),
    )


def _cors(config: Mapping[str, Any] | None) -> Cors | None:
    if not config:
        return None
    max_age = config.get("MaxAge")
    return Cors(
        allow_origins=tuple(config.get("AllowOrigins") or ()),
        allow_methods=tuple(config.get("AllowMethods") or ()),
        allow_headers=tuple(config.get("AllowHeaders") or ()),
        expose_headers=tuple(config.get("ExposeHeaders") or ()),
        allow_credentials=config.get("AllowCredentials") is True,
        max_age_s=None if max_age is None else int(max_age),
    )
