"""What the HTTP front needs of the control plane.

The front knows requests and responses; who keeps functions, function URLs and APIs, and who retries
asynchronous invocations, is somebody else's concern and comes in through these Protocols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_emulator.aws.execution.contracts import FunctionSnapshot


class FunctionNotFoundError(LookupError):
    """No such function, version or alias. The front words the answer of each API itself."""


@dataclass(frozen=True, slots=True)
class FoundFunction:
    """A function as it is now, and how many runs of it may be under way at once (None: unreserved)."""

    snapshot: FunctionSnapshot
    concurrency_limit: int | None = None


class FunctionDirectory(Protocol):
    """Finds functions by the words that callers use."""

    def find(self, account_id: str, region: str, name: str, qualifier: str | None) -> FoundFunction:
        """Find by bare name, and version or alias (None: $LATEST). Raises FunctionNotFoundError."""
        ...


class AsyncInvoker(Protocol):
    """Takes Event invocations: queues, retries, destinations."""

    def enqueue(self, function: FunctionSnapshot, payload: bytes, request_id: str) -> None:
        """Accept now, run later. Never waits for the function."""
        ...


@dataclass(frozen=True, slots=True)
class Cors:
    """A CORS configuration, of an HTTP API or of a function URL. Empty means: not configured."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age_s: int | None = None


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """A Lambda function URL: its settings, and the function that it stands for."""

    url_id: str
    account_id: str
    region: str
    function_name: str
    qualifier: str | None = None
    auth_type: str = "NONE"  # or "AWS_IAM"
    invoke_mode: str = "BUFFERED"  # or "RESPONSE_STREAM"
    cors: Cors | None = None


class FunctionUrlDirectory(Protocol):
    """Finds function URLs by the id in their host name."""

    def find_url(self, url_id: str) -> FunctionUrl | None:
        """Find the URL with this id in any account and region, or None."""
        ...


@dataclass(frozen=True, slots=True)
class RouteDefinition:
    """A route of an HTTP API as it was created; authorizer and integration are named by their ids."""

    route_key: str  # "GET /items/{id}", "ANY /{proxy+}", "$default"
    integration_id: str
    authorization_type: str = "NONE"  # "NONE", "CUSTOM", "JWT", "AWS_IAM"
    authorizer_id: str = ""


@dataclass(frozen=True, slots=True)
class IntegrationDefinition:
    """A target of routes; only Lambda proxy integrations can be executed here."""

    integration_id: str
    kind: str  # "AWS_PROXY", "HTTP_PROXY", …
    uri: str  # the function's ARN, or API Gateway's long form around it
    payload_version: str = "2.0"
    timeout_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class AuthorizerDefinition:
    """An authorizer of an HTTP API."""

    authorizer_id: str
    name: str
    kind: str  # "REQUEST" (a Lambda function) or "JWT"
    uri: str = ""
    payload_version: str = "2.0"
    simple_responses: bool = False
    identity_sources: tuple[str, ...] = ()  # "$request.header.Authorization", …
    result_ttl_s: int = 0


@dataclass(frozen=True, slots=True)
class Throttle:
    """A token bucket: `rate` requests a second, `burst` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class StageDefinition:
    """A deployed stage of an HTTP API."""

    name: str  # "$default", "dev", …
    variables: tuple[tuple[str, str], ...] = ()
    throttle: Throttle | None = None  # default route settings
    route_throttles: tuple[tuple[str, Throttle], ...] = ()  # by route key


@dataclass(frozen=True, slots=True)
class ApiDefinition:
    """One HTTP API, whole. Two that are equal route alike, so what is compiled of one may be kept."""

    api_id: str
    account_id: str
    region: str
    routes: tuple[RouteDefinition, ...] = ()
    integrations: tuple[IntegrationDefinition, ...] = ()
    authorizers: tuple[AuthorizerDefinition, ...] = ()
    stages: tuple[StageDefinition, ...] = ()
    cors: Cors | None = None


class ApiDirectory(Protocol):
    """Finds HTTP APIs by the id in their host name."""

    def find_api(self, api_id: str) -> ApiDefinition | None:
        """Find the API with this id in any account and region, or None."""
        ...

    def api_ids(self) -> Sequence[str]:
        """Give every id there is, for the message that says which exist."""
        ...
