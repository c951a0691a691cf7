"""Queues, event source mappings, schedules, asynchronous invocations and S3 notifications, put together over moto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.asynchronous.invocations import AsyncInvocations
from local_emulator.aws.asynchronous.ports import AsyncPorts
from local_emulator.aws.clock import SystemClock
from local_emulator.aws.event_sources.mappings import EventSourceMappings
from local_emulator.aws.event_sources.ports import Ports
from local_emulator.aws.moto_patches import event_sources, lambda_async, s3_notifications, sqs
from local_emulator.aws.moto_patches.event_rules import MotoRules
from local_emulator.aws.moto_patches.sqs_queues import MotoQueues
from local_emulator.aws.moto_patches.targets import MotoDestinations, MotoNotificationTargets
from local_emulator.aws.notifications.notifier import Notifier
from local_emulator.aws.queues.moves import MoveTasks
from local_emulator.aws.schedules.rules import Schedules

if TYPE_CHECKING:
    from local_emulator.aws.asynchronous.ports import RetrySettings
    from local_emulator.aws.clock import Clock
    from local_emulator.aws.execution.contracts import FunctionRunner
    from local_emulator.aws.front.ports import AsyncInvoker, FunctionDirectory
    from local_emulator.aws.moto_patches.patching import Patch


class Messaging:
    """Everything that carries messages to functions. Owns all threads that do so.

    Call `start` once the patches are on. To end: `stop`, then end the functions that run, then `close`, which
    waits for them.
    """

    def __init__(
        self,
        runner: FunctionRunner,
        functions: FunctionDirectory,
        retries: RetrySettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        time = clock or SystemClock()
        queues = MotoQueues(time)
        self.queue = queues.find
        self._moves = MoveTasks(queues.find, time)
        self._mappings = EventSourceMappings(Ports(queues.find, functions, runner, time))
        self._invocations = AsyncInvocations(
            AsyncPorts(functions, runner, lambda_async.invoke_config_of, MotoDestinations(), time), retries
        )
        targets = MotoNotificationTargets(functions, self._invocations)
        self._schedules = Schedules(MotoRules(), targets, time)
        self._patches = (
            sqs.patch(queues, self._moves),
            event_sources.patch(queues, self._mappings),
            lambda_async.patch(),
            s3_notifications.patch(Notifier(targets, time), targets, time),
        )

    @property
    def async_invoker(self) -> AsyncInvoker:
        """Takes Event invocations."""
        return self._invocations

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What has to be changed in moto for all this; none of it asks for Services."""
        return self._patches

    def start(self) -> None:
        """Begin to run what is queued, and what is due."""
        self._invocations.start()
        self._schedules.start()

    def stop(self) -> None:
        """Start nothing more, and wait for nobody."""
        self._mappings.stop()
        self._invocations.stop()

    def forget(self) -> None:
        """Drop every mapping and what is queued: moto was reset."""
        self._mappings.stop()
        self._invocations.forget()

    def close(self) -> None:
        """Stop, and wait until every thread has ended."""
        self.stop()
        self._schedules.close()
        self._moves.close()
        self._mappings.close()
        self._invocations.close()
