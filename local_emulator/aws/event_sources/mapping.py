"""What is set on a mapping, and the checks that Lambda makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_emulator.aws.event_sources.errors import InvalidMapping

if TYPE_CHECKING:
    from local_emulator.aws.event_sources.filters import Filters

REPORT_FAILURES = "ReportBatchItemFailures"
_QUEUE_ARN = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,80}")
_WITHOUT_WINDOW = 10
_OTHER_SOURCES = {
    "kinesis": "Kinesis streams",
    "dynamodb": "DynamoDB streams",
    "kafka": "Amazon MSK (Kafka)",
    "mq": "Amazon MQ",
    "rds": "DocumentDB",
}


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """One mapping as it is now."""

    uuid: str
    queue_arn: str
    function_arn: str
    enabled: bool = True
    batch_size: int = 10
    window_s: int = 0
    maximum_concurrency: int | None = None
    response_types: tuple[str, ...] = ()
    filters: Filters | None = field(default=None)

    @property
    def reports_failures(self) -> bool:
        """Whether the function says which messages of a batch failed."""
        return REPORT_FAILURES in self.response_types

    @property
    def region(self) -> str:
        """The region of the queue."""
        return self.queue_arn.split(":")[3]


def check_source(arn: str) -> None:
    """Raise InvalidMapping, naming the kind, for every source that is no standard queue."""
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if service in _OTHER_SOURCES:
        raise InvalidMapping(
            f"{_OTHER_SOURCES[service]} are not supported as event sources by the emulator, "
            "which takes SQS standard queues"
        )
    if not _QUEUE_ARN.fullmatch(arn):
        raise InvalidMapping(f"Unrecognized event source, must be an ARN of an SQS queue: {arn}")
    if arn.endswith(".fifo"):
        raise InvalidMapping(
            "FIFO queues are not supported as event sources by the emulator, which takes SQS standard queues"
        )


def check(settings: MappingSettings, visibility_timeout_s: int, function_timeout_s: float) -> None:
    """Raise InvalidMapping when Lambda would not take these settings."""
    _check_range("batchSize", settings.batch_size, 1, 10_000)
    _check_range("maximumBatchingWindowInSeconds", settings.window_s, 0, 300)
    if settings.maximum_concurrency is not None:
        _check_range("scalingConfig.maximumConcurrency", settings.maximum_concurrency, 2, 1000)
    if settings.batch_size > _WITHOUT_WINDOW and not settings.window_s:
        raise InvalidMapping(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{_WITHOUT_WINDOW}"
        )
    unknown = [each for each in settings.response_types if each != REPORT_FAILURES]
    if unknown or len(settings.response_types) > 1:
        raise InvalidMapping(
            f"Value {list(settings.response_types)} at 'functionResponseTypes' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{REPORT_FAILURES}]"
        )
    if visibility_timeout_s < function_timeout_s:
        raise InvalidMapping(
            f"Queue visibility timeout: {visibility_timeout_s} seconds is less than Function timeout: "
            f"{function_timeout_s:.0f} seconds"
        )


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if value < least:
        bound = f"greater than or equal to {least}"
    elif value > most:
        bound = f"less than or equal to {most}"
    else:
        return
    raise InvalidMapping(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )
