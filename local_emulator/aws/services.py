"""What patches of moto hand requests on to: the emulator's own parts, composed in emulator.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.local_addresses import LocalAddresses
    from local_emulator.aws.cloudformation.operations import StackOperations
    from local_emulator.aws.control_plane.machine import Machine
    from local_emulator.aws.control_plane.snap_start import VersionState
    from local_emulator.aws.execution.contracts import FunctionSnapshot
    from local_emulator.aws.front.ports import AsyncInvoker


class InstanceRetirer(Protocol):
    """Ends the instances of a function."""

    def __call__(self, arn: str) -> None:
        """End them: of one version when the ARN is qualified, of all when it is not."""
        ...


class FunctionPreparer(Protocol):
    """Makes a function's first start quick, in the background."""

    def __call__(self, function: FunctionSnapshot) -> None:
        """Begin to unpack its code, as Lambda does while a new function is "Pending"; returns at once."""
        ...


class SnapshotTaker(Protocol):
    """Takes the snapshots of SnapStart versions."""

    def begin(self, function: FunctionSnapshot) -> None:
        """Begin to take the snapshot of a version that was just published; returns at once."""
        ...

    def state_of(self, arn: str) -> VersionState:
        """Give the state of a version, by its qualified ARN."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of the patches."""

    machine: Machine
    retire: InstanceRetirer
    prepare: FunctionPreparer
    snap_starts: SnapshotTaker
    async_invoker: AsyncInvoker
    stacks: StackOperations
    addresses: LocalAddresses
