"""moto's SQS walks over every message at each call, delivers to Lambda by itself and moves no messages back.

A receive of ten at depth 4,000 takes it seconds. Standard queues keep their messages in our own store
instead; parsing, queue attributes, policies and tags stay moto's, and so do FIFO queues, message store and
all: they are only made safe to call from several threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches import sqs_batches, sqs_fifo, sqs_moves
from local_emulator.aws.moto_patches.patching import Patch, Target
from local_emulator.aws.moto_patches.sqs_messages import answer_of, draft_of, moto_message
from local_emulator.aws.moto_patches.sqs_queues import worded_by_sqs
from local_emulator.aws.queues.requests import Receive

if TYPE_CHECKING:
    from local_emulator.aws.moto_patches.sqs_queues import MotoQueues
    from local_emulator.aws.queues.moves import MoveTasks

_MODELS, _RESPONSES = "moto.sqs.models", "moto.sqs.responses"
TARGETS = (
    Target(_MODELS, "SQSBackend.send_message", "bf161af09a9e"),
    Target(_MODELS, "SQSBackend.send_message_batch", "0707ad219481"),
    Target(_MODELS, "SQSBackend.receive_message", "065f3e5e7d21"),
    Target(_MODELS, "SQSBackend.delete_message", "9eb658afdceb"),
    Target(_MODELS, "SQSBackend.delete_message_batch", "53c0bc5d5f51"),
    Target(_MODELS, "SQSBackend.change_message_visibility", "f0e9df5f6662"),
    Target(_MODELS, "SQSBackend.change_message_visibility_batch", "6194b4570c67"),
    Target(_MODELS, "SQSBackend.purge_queue", "443ea1ae7b15"),
    Target(_MODELS, "SQSBackend.delete_queue", "4c96ec6f1424"),
    Target(_MODELS, "Queue.approximate_number_of_messages", "d357a9506a56"),
    Target(_MODELS, "Queue.approximate_number_of_messages_not_visible", "5dbecc4dda17"),
    Target(_MODELS, "Queue.approximate_number_of_messages_delayed", "c3c1dadb0c42"),
    Target(_RESPONSES, "SQSResponse.receive_message", "0027050ecd12"),
    Target(_RESPONSES, "SQSResponse.start_message_move_task", ""),
    Target(_RESPONSES, "SQSResponse.list_message_move_tasks", ""),
    Target(_RESPONSES, "SQSResponse.cancel_message_move_task", ""),
)


def patch(queues: MotoQueues, moves: MoveTasks) -> Patch:
    """Make the patch; `queues` finds our queues by moto's, `moves` runs message move tasks."""
    return Patch("sqs-queues", TARGETS, lambda _: apply(queues, moves))


def apply(queues: MotoQueues, moves: MoveTasks) -> None:
    """Put our store under moto's SQS."""
    sqs_fifo.apply()  # first: what follows hands FIFO queues on to it
    _apply_sending(queues)
    _apply_receiving(queues)
    _apply_receipts(queues)
    _apply_queue_life(queues)
    sqs_batches.apply()
    sqs_moves.apply(queues, moves)


def _apply_sending(queues: MotoQueues) -> None:
    from moto.sqs.models import SQSBackend

    fifo_send = SQSBackend.send_message

    def send_message(  # noqa: PLR0913, PLR0917 - moto's own signature
        self: Any,
        queue_name: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        delay_seconds: int | None = None,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        system_attributes: dict[str, Any] | None = None,
        validate_group_id: bool = True,
    ) -> Any:
        queue = self.get_queue(queue_name)
        if queue.fifo_queue:
            return fifo_send(
                self,
                queue_name,
                message_body,
                message_attributes,
                delay_seconds,
                deduplication_id,
                group_id,
                system_attributes,
                validate_group_id,
            )
        _refuse_deduplication(deduplication_id)
        draft = draft_of(message_body, message_attributes, system_attributes, group_id)
        with worded_by_sqs():
            content = queues.of(queue).send(draft, None if delay_seconds is None else int(delay_seconds))
        return moto_message(content, message_attributes)

    SQSBackend.send_message = send_message


def _refuse_deduplication(deduplication_id: str | None) -> None:
    from moto.sqs.exceptions import InvalidParameterValue

    if deduplication_id is not None:
        raise InvalidParameterValue(
            f"Value {deduplication_id} for parameter MessageDeduplicationId is invalid. Reason: The request "
            "includes a parameter that is not valid for this queue type."
        )


def _apply_receiving(queues: MotoQueues) -> None:
    from moto.core.responses import ActionResult
    from moto.sqs.models import SQSBackend
    from moto.sqs.responses import SQSResponse

    fifo_receive, fifo_answer = SQSBackend.receive_message, SQSResponse.receive_message

    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> Any:
        queue = self.get_queue(queue_name)
        if queue.fifo_queue:
            return fifo_receive(
                self, queue_name, count, wait_seconds_timeout, visibility_timeout, message_attribute_names
            )
        request = Receive(int(count), int(wait_seconds_timeout), int(visibility_timeout))
        with worded_by_sqs():
            return queues.of(queue).receive(request)

    def answer(self: Any) -> Any:
        queue = self.sqs_backend.get_queue(self._get_queue_name())
        if queue.fifo_queue:
            return fifo_answer(self)
        most, wait_s, visibility_s = _receive_parameters(self, queue)
        received = self.sqs_backend.receive_message(queue.name, most, wait_s, visibility_s)
        names = self._get_param("MessageAttributeNames", [])
        system_names = [
            *self._get_param("AttributeNames", []),
            *self._get_param("MessageSystemAttributeNames", []),
        ]
        messages = [answer_of(each, names, system_names) for each in received]
        return ActionResult({"Messages": messages} if messages else {})

    SQSBackend.receive_message = receive_message
    SQSResponse.receive_message = answer


def _receive_parameters(response: Any, queue: Any) -> tuple[int, int, int]:
    """Read how many messages are wanted, how long to wait for them and for how long to hide them."""
    from moto.sqs.exceptions import InvalidParameterValue

    found = []
    for name, default, least, most in (
        ("MaxNumberOfMessages", 1, 1, 10),
        ("WaitTimeSeconds", queue.receive_message_wait_time_seconds, 0, 20),
        ("VisibilityTimeout", queue.visibility_timeout, 0, 43_200),
    ):
        value = response._get_param(name)  # noqa: SLF001 - moto's only way to its parameters
        number = int(default if value is None else value)
        if not least <= number <= most:
            raise InvalidParameterValue(
                f"Value {number} for parameter {name} is invalid. "
                f"Reason: Must be between {least} and {most}, if provided."
            )
        found.append(number)
    return found[0], found[1], found[2]


def _apply_receipts(queues: MotoQueues) -> None:
    from moto.sqs.models import SQSBackend

    fifo_delete, fifo_change = SQSBackend.delete_message, SQSBackend.change_message_visibility

    def delete_message(self: Any, queue_name: str, receipt_handle: str) -> None:
        queue = self.get_queue(queue_name)
        if queue.fifo_queue:
            fifo_delete(self, queue_name, receipt_handle)
            return
        with worded_by_sqs():
            queues.of(queue).delete(receipt_handle)

    def change_message_visibility(
        self: Any, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        queue = self.get_queue(queue_name)
        if queue.fifo_queue:
            fifo_change(self, queue_name, receipt_handle, visibility_timeout)
            return
        with worded_by_sqs():
            queues.of(queue).change_visibility(receipt_handle, int(visibility_timeout))

    SQSBackend.delete_message = delete_message
    SQSBackend.change_message_visibility = change_message_visibility


def _apply_queue_life(queues: MotoQueues) -> None:
    from moto.sqs.models import Queue, SQSBackend

    moto_purge, moto_delete_queue = SQSBackend.purge_queue, SQSBackend.delete_queue

    def purge_queue(self: Any, queue_name: str) -> None:
        moto_purge(self, queue_name)
        queue = self.get_queue(queue_name)
        if not queue.fifo_queue:
            queues.of(queue).purge()

    def delete_queue(self: Any, queue_name: str) -> None:
        queue = self.get_queue(queue_name)
        moto_delete_queue(self, queue_name)
        if not queue.fifo_queue:
            queues.of(queue).close()

    SQSBackend.purge_queue = purge_queue
    SQSBackend.delete_queue = delete_queue
    for attribute, name in _COUNTS.items():
        setattr(Queue, attribute, _count(queues, name, vars(Queue)[attribute]))


_COUNTS = {
    "approximate_number_of_messages": "visible",
    "approximate_number_of_messages_not_visible": "in_flight",
    "approximate_number_of_messages_delayed": "delayed",
}


def _count(queues: MotoQueues, name: str, fifo: Any) -> property:
    def count(self: Any) -> int:
        found = fifo.fget(self) if self.fifo_queue else getattr(queues.of(self).counts(), name)
        return int(found)

    return property(count)
