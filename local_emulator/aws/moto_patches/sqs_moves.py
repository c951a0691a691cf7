"""StartMessageMoveTask, ListMessageMoveTasks and CancelMessageMoveTask, which moto does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.sqs_queues import moto_queue, worded_by_sqs

if TYPE_CHECKING:
    from local_emulator.aws.moto_patches.sqs_queues import MotoQueues
    from local_emulator.aws.queues.moves import MoveTask, MoveTasks
    from local_emulator.aws.queues.queue import StandardQueue

_RUNNING = "RUNNING"


def apply(queues: MotoQueues, moves: MoveTasks) -> None:
    """Add the operations to moto's SQS."""
    from moto.core.responses import ActionResult
    from moto.sqs.responses import SQSResponse

    def start_message_move_task(self: Any) -> Any:
        source = _source(queues, self._get_param("SourceArn"))
        destination_arn = self._get_param("DestinationArn")
        if destination_arn is not None:
            _existing(queues, destination_arn, "DestinationArn")
        with worded_by_sqs():
            task = moves.start(source, destination_arn, self._get_param("MaxNumberOfMessagesPerSecond"))
        return ActionResult({"TaskHandle": task.handle})

    def list_message_move_tasks(self: Any) -> Any:
        source = _source(queues, self._get_param("SourceArn"))
        tasks = moves.list(source.arn, int(self._get_param("MaxResults") or 1))
        return ActionResult({"Results": [_shown(task) for task in tasks]})

    def cancel_message_move_task(self: Any) -> Any:
        with worded_by_sqs():
            task = moves.cancel(self._get_param("TaskHandle"))
        return ActionResult({"ApproximateNumberOfMessagesMoved": task.moved})

    SQSResponse.start_message_move_task = start_message_move_task
    SQSResponse.list_message_move_tasks = list_message_move_tasks
    SQSResponse.cancel_message_move_task = cancel_message_move_task


def _source(queues: MotoQueues, arn: str) -> StandardQueue:
    from moto.sqs.exceptions import InvalidParameterValue
    from moto.sqs.models import sqs_backends

    queue = _existing(queues, arn, "SourceArn")
    _, _, _, region, account_id, name = arn.split(":")
    if not sqs_backends[account_id][region].list_dead_letter_source_queues(name):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    return queue


def _existing(queues: MotoQueues, arn: str, parameter: str) -> StandardQueue:
    from moto.sqs.exceptions import SQSException

    queue = queues.find(arn)
    if queue is not None:
        return queue
    if moto_queue(arn) is not None:
        raise SQSException(
            "AWS.SimpleQueueService.UnsupportedOperation",
            f"{arn} is a FIFO queue: the emulator moves messages between standard queues only",
        )
    raise SQSException(
        "ResourceNotFoundException",
        f"The resource that you specified for the {parameter} parameter doesn't exist.",
    )


def _shown(task: MoveTask) -> dict[str, Any]:
    shown = {
        "TaskHandle": task.handle if task.status == _RUNNING else None,
        "Status": task.status,
        "SourceArn": task.source_arn,
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.per_second,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure_reason or None,
        "StartedTimestamp": task.started_ms,
    }
    return {name: value for name, value in shown.items() if value is not None}
