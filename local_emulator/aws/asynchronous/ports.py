"""What asynchronous invocations need of the rest of the emulator, and what is set on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.clock import Clock
    from local_emulator.aws.execution.contracts import FunctionRunner, FunctionSnapshot
    from local_emulator.aws.front.ports import FunctionDirectory
    from local_emulator.aws.queues.messages import MessageAttribute


@dataclass(frozen=True, slots=True)
class InvokeConfig:
    """What is set on a function's asynchronous invocations; an empty ARN is none."""

    most_retries: int = 2
    longest_age_s: float = 21_600
    on_success: str = ""
    on_failure: str = ""
    dead_letter_arn: str = ""


class ConfigSource(Protocol):
    """Tells what is set on a function."""

    def __call__(self, function: FunctionSnapshot) -> InvokeConfig:
        """Give it as it is now."""
        ...


class UndeliverableError(Exception):
    """A destination is not there, or does not take the message."""


class Destinations(Protocol):
    """Sends to queues, topics and event buses; functions are invoked by AsyncInvocations itself."""

    def send(self, arn: str, body: str, attributes: Mapping[str, MessageAttribute]) -> None:
        """Send. Raises UndeliverableError."""
        ...


@dataclass(frozen=True, slots=True)
class AsyncPorts:
    """The collaborators of AsyncInvocations."""

    functions: FunctionDirectory
    runner: FunctionRunner
    config: ConfigSource
    destinations: Destinations
    clock: Clock


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """How long to wait. AWS waits 60 and 120 s after errors, and 1 s to 5 min when throttled."""

    delays_s: tuple[float, ...] = field(default=(1.0, 2.0))
    first_throttle_s: float = 0.25
    longest_throttle_s: float = 10.0
    most_at_once: int = 16  # invocations under way; an emulator runs on a laptop

    def after_error(self, attempts: int) -> float:
        """Give the pause after so many failed attempts."""
        return self.delays_s[min(attempts, len(self.delays_s)) - 1]

    def after_throttle(self, throttles: int) -> float:
        """Give the pause after so many throttles in all."""
        return float(min(self.first_throttle_s * 2 ** min(throttles - 1, 20), self.longest_throttle_s))
