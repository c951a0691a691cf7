"""Message move tasks: from a dead-letter queue back to where messages came from, or to another queue."""

from __future__ import annotations

import base64
import json
import logging
import uuid
from collections import deque
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import TYPE_CHECKING

from local_emulator.aws.queues.errors import InvalidQueueParameter, MoveTaskNotFound, QueueError
from local_emulator.aws.queues.shelf import Entry

if TYPE_CHECKING:
    from local_emulator.aws.clock import Clock
    from local_emulator.aws.queues.messages import Content
    from local_emulator.aws.queues.queue import QueueFinder, StandardQueue

_log = logging.getLogger(__name__)
_HISTORY = 10  # finished tasks that each source queue remembers, as ListMessageMoveTasks gives at most
FASTEST = 500  # messages a second


@dataclass(eq=False, slots=True)
class MoveTask:
    """One task, while it runs and after."""

    source_arn: str
    destination_arn: str | None  # None: each message's own source queue
    per_second: int | None  # None: as fast as it goes
    started_ms: int
    to_move: int
    status: str = "RUNNING"  # then COMPLETED, FAILED, CANCELLING, CANCELLED
    moved: int = 0
    failure_reason: str = ""
    handle: str = field(init=False)

    def __post_init__(self) -> None:
        fields = json.dumps({"taskId": str(uuid.uuid4()), "sourceArn": self.source_arn})
        self.handle = base64.b64encode(fields.encode()).decode()


class MoveTasks:
    """Starts tasks, each in a thread of its own, and ends them all at `close`."""

    def __init__(self, find: QueueFinder, clock: Clock) -> None:
        self._find = find
        self._clock = clock
        self._condition = Condition()
        self._tasks: dict[str, deque[MoveTask]] = {}
        self._threads: list[Thread] = []

    def start(self, source: StandardQueue, destination_arn: str | None, per_second: int | None) -> MoveTask:
        """Start moving what is in `source`. Raises InvalidQueueParameter."""
        if per_second is not None and not 1 <= per_second <= FASTEST:
            raise InvalidQueueParameter(
                f"Value {per_second} for parameter MaxNumberOfMessagesPerSecond is invalid. "
                f"Reason: You must enter a value from 1 to {FASTEST}."
            )
        now_ms = int(self._clock.now() * 1000)
        task = MoveTask(source.arn, destination_arn, per_second, now_ms, source.counts().visible)
        with self._condition:
            tasks = self._tasks.setdefault(source.arn, deque(maxlen=_HISTORY))
            if any(other.status in ("RUNNING", "CANCELLING") for other in tasks):
                raise InvalidQueueParameter(
                    "There is already a task running. Only one active task is allowed for a source queue arn "
                    "at a given time."
                )
            tasks.appendleft(task)
            thread = Thread(target=self._run, args=(task, source), name="sqs-move-task", daemon=True)
            self._threads = [*(other for other in self._threads if other.is_alive()), thread]
            thread.start()
        return task

    def list(self, source_arn: str, most: int = 1) -> list[MoveTask]:
        """Give the tasks of a source queue, the newest first."""
        with self._condition:
            return list(self._tasks.get(source_arn, ()))[:most]

    def cancel(self, handle: str) -> MoveTask:
        """Stop a running task; what it moved stays moved. Raises MoveTaskNotFound."""
        with self._condition:
            for tasks in self._tasks.values():
                for task in tasks:
                    if task.handle == handle and task.status == "RUNNING":
                        task.status = "CANCELLING"
                        self._condition.notify_all()
                        return task
        raise MoveTaskNotFound(
            "Task does not exist, or is not running: ListMessageMoveTasks gives those that are"
        )

    def close(self) -> None:
        """Cancel every task and wait for its thread."""
        with self._condition:
            for tasks in self._tasks.values():
                for task in tasks:
                    task.status = "CANCELLING" if task.status == "RUNNING" else task.status
            self._condition.notify_all()
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()

    def _run(self, task: MoveTask, source: StandardQueue) -> None:
        try:
            self._move_all(task, source)
        except QueueError as error:
            self._end(task, "FAILED", str(error))
        except Exception as error:  # noqa: BLE001 - a task that fails says so; its thread must not vanish
            _log.exception("message move task from %s failed", task.source_arn)
            self._end(task, "FAILED", str(error))

    def _move_all(self, task: MoveTask, source: StandardQueue) -> None:
        while task.moved < task.to_move:
            if not self._may_go_on(task):
                self._end(task, "CANCELLED")
                return
            content = source.withdraw()
            if content is None:  # received or deleted by somebody else meanwhile
                break
            target = self._target(task, content)
            if target is None:
                source.put(Entry(content))
                self._end(task, "FAILED", "CouldNotDetermineMessageSource")
                return
            self._send(content, target, source)
            task.moved += 1
        self._end(task, "COMPLETED")

    def _send(self, content: Content, target: StandardQueue, source: StandardQueue) -> None:
        """Send as a new message, as AWS does: new id, new retention. What is not taken stays where it was."""
        try:
            target.send(content.draft, 0)
        except QueueError:
            source.put(Entry(content))
            raise

    def _target(self, task: MoveTask, content: Content) -> StandardQueue | None:
        arn = task.destination_arn or content.dead_letter_source
        return None if arn is None else self._find(arn)

    def _may_go_on(self, task: MoveTask) -> bool:
        """Keep to the rate, and say whether the task was not cancelled."""
        with self._condition:
            due = task.started_ms / 1000 + task.moved / (task.per_second or float("inf"))
            while task.status == "RUNNING" and (wait := due - self._clock.now()) > 0:
                self._clock.wait(self._condition, wait)
            return task.status == "RUNNING"

    def _end(self, task: MoveTask, status: str, reason: str = "") -> None:
        with self._condition:
            task.status, task.failure_reason = status, reason
