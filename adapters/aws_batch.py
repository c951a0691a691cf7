"""SQS records → batch steps, with Powertools' BatchProcessor: only the records that failed come back."""

from __future__ import annotations

import json
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from onehandler.batch.job import Drop, Task
from onehandler.batch.ports import Location
from onehandler.errors import MalformedBody

_LEAST_S = 2.0  # seconds that must be left for another record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from onehandler.batch.plan import Planner
    from onehandler.batch.score import Scorer
    from onehandler.batch.sweep import Sweeper

    EntryPoint = Callable[[dict[str, Any], LambdaContext], PartialItemFailureResponse]


def plan_entry_point(planner: Planner, service: str, namespace: str) -> EntryPoint:
    """Entry point for S3 event notifications that come through SQS."""
    logger = Logger(service=service)

    def plan(record: SQSRecord) -> None:
        for drop in drops_in(record.body):
            prefix = planner.plan(drop)
            logger.info("planned", extra={"source": drop.source.key, "bytes": drop.size, "prefix": prefix})

    return _entry_point(plan, logger, Metrics(namespace=namespace, service=service))


def score_entry_point(scorer: Scorer, service: str, namespace: str) -> EntryPoint:
    """Entry point for the chunk messages that a planner sent."""
    logger = Logger(service=service)
    metrics = Metrics(namespace=namespace, service=service)

    def score(record: SQSRecord) -> None:
        chunk = scorer.score(Task.from_json(record.body))
        rows, failed = chunk.counts.rows, chunk.counts.failed
        if not chunk.repeated:
            metrics.add_metric(name="RowsScored", unit=MetricUnit.Count, value=rows - failed)
            metrics.add_metric(name="RowsFailed", unit=MetricUnit.Count, value=failed)
        said = {"job": chunk.manifest.job, "chunk": chunk.number, "of": chunk.manifest.chunks}
        logger.info(chunk.outcome, extra={**said, "rows": rows, "failed": failed})

    return _entry_point(score, logger, metrics)


def sweep_entry_point(sweeper: Sweeper, service: str) -> Callable[[dict[str, Any], LambdaContext], None]:
    """Entry point for a schedule. What could not be mended is logged as an error."""
    logger = Logger(service=service)

    @logger.inject_lambda_context
    def entry_point(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
        for mended in sweeper.sweep():
            told = {"job": mended.job, "chunks": mended.chunks}
            if mended.how == "given up":
                logger.error("job makes no progress; see the dead letters, then redrive", extra=told)
            else:
                logger.warning("job %s", mended.how, extra=told)

    wrapped: Callable[[dict[str, Any], LambdaContext], None] = entry_point
    return wrapped


def drops_in(body: str) -> Iterator[Drop]:
    """The created objects that one S3 notification tells of; none in the test message S3 sends first."""
    found = _object(body)
    if found.get("Event") == "s3:TestEvent":
        return
    records = found.get("Records")
    if not isinstance(records, list):
        raise MalformedBody("is not an S3 event notification: it has no 'Records'")
    for record in records:
        try:
            drop = _drop(record)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MalformedBody(f"is not an S3 event notification: {type(error).__name__} {error}") from None
        if drop is not None:
            yield drop


def _drop(record: Any) -> Drop | None:
    """What one record tells of; None for anything but an object that was created."""
    if not record["eventName"].startswith("ObjectCreated:"):
        return None
    described = record["s3"]["object"]
    source = Location(
        bucket=record["s3"]["bucket"]["name"],
        key=unquote_plus(described["key"]),
        version=described.get("versionId", ""),
        etag=described.get("eTag", ""),
    )
    return Drop(source, int(described.get("size", 0)))


def _object(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise MalformedBody(f"is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise MalformedBody("is not a JSON object")
    return found


class NotStarted(Exception):
    """A record was handed back, for the function's time would have ended before it was done."""


class Deadline:
    """Lets a record begin only if there is time for it, going by the longest so far. The first may always begin."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock  # seconds
        self._longest = 0.0
        self._begun = False

    def start(self) -> None:
        """An invocation begins: were its first record handed back as well, nothing would ever be done."""
        self._begun = False

    @contextmanager
    def record(self, remaining: float) -> Iterator[None]:
        """Time one record, or raise NotStarted. `remaining` seconds are left."""
        needed = max(_LEAST_S, 1.5 * self._longest)
        if self._begun and remaining < needed:
            raise NotStarted(f"{remaining:.1f} s are left, a record may take {needed:.1f} s")
        self._begun = True
        started = self._clock()
        yield
        self._longest = max(self._longest, self._clock() - started)


def _entry_point(handle: Callable[[SQSRecord], None], logger: Logger, metrics: Metrics) -> EntryPoint:
    deadline = Deadline()

    def handled(record: SQSRecord, lambda_context: LambdaContext) -> None:
        try:
            with deadline.record(lambda_context.get_remaining_time_in_millis() / 1000):
                handle(record)
        except NotStarted as error:
            logger.warning("record handed back: %s", error, extra={"message_id": record.message_id})
            raise
        except Exception:
            logger.exception("record failed; SQS delivers it again", extra={"message_id": record.message_id})
            raise

    @logger.inject_lambda_context
    @metrics.log_metrics(capture_cold_start_metric=True)
    def entry_point(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
        deadline.start()
        # All records failing is an answer like any other: raising would hide which ones they were.
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return process_partial_response(
            event=event, record_handler=handled, processor=processor, context=context
        )

    wrapped: EntryPoint = entry_point
    return wrapped
