"""What is to be served, as models and endpoint configurations say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A model's container. `model_data` is s3://…: an archive, a prefix, or (`several`) a prefix of archives."""

    image: str
    model_data: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    several: bool = False


@dataclass(frozen=True, slots=True)
class ServerlessSpec:
    """A variant that is started when it is asked, and stopped when it has long not been."""

    memory_mb: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """A production variant. `problem` says why it cannot be served here; `startup_s` is for its first ping."""

    name: str
    container: ContainerSpec
    weight: float = 1.0
    serverless: ServerlessSpec | None = None
    startup_s: float = 240.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AsyncSpec:
    """Where an asynchronous endpoint puts its answers (s3://…), and whom it tells (topics' ARNs, or "")."""

    output: str
    failure: str = ""
    success_topic: str = ""
    error_topic: str = ""
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """An endpoint configuration, with the models that it names."""

    configuration: str
    variants: tuple[VariantSpec, ...]
    asynchronous: AsyncSpec | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Account and region."""

    account_id: str
    region: str


class Objects(Protocol):
    """S3, by URI."""

    def read(self, uri: str) -> bytes:
        """An object's content; SageMakerError when there is none."""
        ...

    def write(self, uri: str, content: bytes, content_type: str) -> None:
        """Put an object."""
        ...

    def below(self, uri: str) -> Iterator[str]:
        """The URIs of all objects whose keys begin with this one's."""
        ...


class Logs(Protocol):
    """CloudWatch Logs."""

    def write(self, group: str, stream: str, lines: bytes) -> None:
        """Append whole lines."""
        ...


class Notices(Protocol):
    """SNS."""

    def publish(self, topic_arn: str, message: Mapping[str, object]) -> None:
        """Tell a topic's subscribers."""
        ...


class Clock(Protocol):
    """Seconds, from any beginning."""

    def __call__(self) -> float:
        """Now."""
        ...
