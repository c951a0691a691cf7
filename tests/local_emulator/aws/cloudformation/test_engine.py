"""The deployment engine over resource types that keep everything in memory, and fail on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.cloudformation.contracts import Deployed, DeploymentError, Place, UnsupportedError
from local_emulator.aws.cloudformation.engine import Deployment, StepFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_emulator.aws.cloudformation.contracts import Properties
    from local_emulator.aws.cloudformation.handles import ResourceHandle


@dataclass
class Thing:
    """A resource type whose resources are entries of a dict. `Fail` in the properties makes a step fail."""

    name: str = "Test::Thing"
    replaced_by: frozenset[str] = frozenset({"Kind", "Name"})
    name_property: str = "Name"
    world: dict[str, Properties] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def create(self, place: Place, properties: Properties) -> Deployed:
        self._maybe_fail("create", properties)
        identity = str(properties.get("Name") or f"{place.logical_id}-{next(self._ids)}")
        self.world[identity] = properties
        self.calls.append(f"create {place.logical_id}")
        return Deployed(identity)

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        self.world[deployed.physical_id] = new  # half done before it fails
        self._maybe_fail("update", new)
        self.calls.append(f"update {place.logical_id}")
        return deployed

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        self._maybe_fail("delete", properties)
        del self.world[deployed.physical_id]
        self.calls.append(f"delete {place.logical_id}")

    def _maybe_fail(self, step: str, properties: Properties) -> None:
        if properties.get("Fail") == step:
            raise DeploymentError(f"told to fail on {step}")


@dataclass
class Types:
    thing: Thing

    def find(self, name: str) -> Thing:
        if name != self.thing.name:
            raise UnsupportedError(name)
        return self.thing


@dataclass
class MemoryStack:
    """A stack that resolves {"Ref": name} and nothing else."""

    name: str = "stack"
    stack_id: str = "arn:stack"
    account_id: str = "123456789012"
    region: str = "us-east-1"
    kept: dict[str, ResourceHandle] = field(default_factory=dict)
    events: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def tags(self) -> Mapping[str, str]:
        return {}

    def handles(self) -> dict[str, ResourceHandle]:
        return dict(self.kept)

    def put(self, handle: ResourceHandle) -> None:
        self.kept[handle.logical_resource_id] = handle

    def drop(self, logical_id: str) -> None:
        self.kept.pop(logical_id, None)

    def resolve(self, definition: Mapping[str, Any]) -> Properties:
        return {
            name: self.kept[value["Ref"]].physical_resource_id if isinstance(value, dict) else value
            for name, value in definition.get("Properties", {}).items()
        }

    def wants(self, definition: Mapping[str, Any]) -> bool:
        return "Condition" not in definition

    def record(self, handle: ResourceHandle, status: str, reason: str = "") -> None:
        self.events.append((handle.logical_resource_id, status, reason))


@dataclass
class Deployer:
    """A stack, and deployments to it one after the other."""

    stack: MemoryStack = field(default_factory=MemoryStack)
    thing: Thing = field(default_factory=Thing)

    def deploy(self, **resources: Mapping[str, Any]) -> list[str]:
        self.thing.calls.clear()
        run = self._run()
        run.apply(resources)
        run.clean_up()
        return list(self.thing.calls)

    def fail(self, **resources: Mapping[str, Any]) -> list[str]:
        self.thing.calls.clear()
        self.stack.events.clear()
        run = self._run()
        with pytest.raises(StepFailed):
            run.apply(resources)
        run.roll_back()
        return list(self.thing.calls)

    def delete(self) -> list[str]:
        return self._run().delete_all()

    def _run(self) -> Deployment:
        clients: Any = None
        return Deployment(self.stack, Types(self.thing), clients, lambda: "SUFFIX")


@pytest.fixture
def deployer() -> Deployer:
    return Deployer()


def thing(**properties: Any) -> dict[str, Any]:
    """A resource; attributes beside its properties are written in capitals with a leading underscore."""
    beside = {name[1:]: properties.pop(name) for name in list(properties) if name.startswith("_")}
    return {"Type": "Test::Thing", "Properties": properties, **beside}


def test_what_is_referred_to_comes_first(deployer: Deployer) -> None:
    calls = deployer.deploy(C=thing(Of={"Ref": "B"}), B=thing(), A=thing(_DependsOn=["C"]))
    assert calls == ["create B", "create C", "create A"]


def test_the_same_again_does_nothing(deployer: Deployer) -> None:
    resources = {"A": thing(Size=1), "B": thing(Of={"Ref": "A"})}
    deployer.deploy(**resources)
    assert deployer.deploy(**resources) == []


def test_a_change_in_place_leaves_dependents_alone(deployer: Deployer) -> None:
    deployer.deploy(A=thing(Size=1), B=thing(Of={"Ref": "A"}))
    assert deployer.deploy(A=thing(Size=2), B=thing(Of={"Ref": "A"})) == ["update A"]


def test_a_replacement_updates_dependents_and_deletes_the_old_one_last(deployer: Deployer) -> None:
    deployer.deploy(A=thing(Kind="x"), B=thing(Of={"Ref": "A"}))
    calls = deployer.deploy(A=thing(Kind="y"), B=thing(Of={"Ref": "A"}))
    assert calls == ["create A", "update B", "delete A"]
    assert deployer.thing.world["B-2"] == {"Of": "A-3"}


def test_a_custom_named_resource_is_not_replaced(deployer: Deployer) -> None:
    deployer.deploy(A=thing(Name="mine", Kind="x"))
    assert deployer.fail(A=thing(Name="mine", Kind="y")) == []
    assert "Rename mine" in deployer.stack.events[-1][2]
    assert deployer.thing.world == {"mine": {"Name": "mine", "Kind": "x"}}


def test_removals_come_last_and_in_reverse(deployer: Deployer) -> None:
    deployer.deploy(A=thing(), B=thing(Of={"Ref": "A"}))
    assert deployer.deploy(C=thing()) == ["create C", "delete B", "delete A"]


def test_a_condition_that_no_longer_holds_removes(deployer: Deployer) -> None:
    deployer.deploy(A=thing(), B=thing())
    assert deployer.deploy(A=thing(), B=thing(_Condition="Never")) == ["delete B"]


def test_what_is_retained_stays_and_is_forgotten(deployer: Deployer) -> None:
    deployer.deploy(A=thing(_DeletionPolicy="Retain"), B=thing(Kind="x", _UpdateReplacePolicy="Retain"))
    assert deployer.deploy(B=thing(Kind="y", _UpdateReplacePolicy="Retain")) == ["create B"]
    assert set(deployer.thing.world) == {"A-1", "B-2", "B-3"}
    assert set(deployer.stack.kept) == {"B"}
    assert ("A", "DELETE_SKIPPED", "") in deployer.stack.events


def test_a_failed_creation_takes_back_what_was_created(deployer: Deployer) -> None:
    calls = deployer.fail(A=thing(), B=thing(Of={"Ref": "A"}), C=thing(Fail="create", Of={"Ref": "B"}))
    assert calls == ["create A", "create B", "delete B", "delete A"]
    assert deployer.thing.world == {}
    assert deployer.stack.kept == {}
    assert ("C", "CREATE_FAILED", "told to fail on create") in deployer.stack.events


def test_a_failed_update_restores_everything(deployer: Deployer) -> None:
    old = {"A": thing(Size=1), "B": thing(Kind="x"), "C": thing(Size=1), "Gone": thing()}
    deployer.deploy(**old)
    before = dict(deployer.thing.world)
    new = {"A": thing(Size=2), "B": thing(Kind="y"), "New": thing(), "C": thing(Size=2, Fail="update")}
    deployer.fail(**new)
    assert deployer.thing.world == before
    assert deployer.deploy(**old) == []


def test_what_cannot_be_taken_back_is_said(deployer: Deployer) -> None:
    deployer.fail(A=thing(Fail="delete"), B=thing(Fail="create", Of={"Ref": "A"}))
    assert ("A", "DELETE_FAILED", "told to fail on delete") in deployer.stack.events


def test_deleting_goes_on_past_what_will_not_go(deployer: Deployer) -> None:
    deployer.deploy(A=thing(), B=thing(Of={"Ref": "A"}, Fail="delete"), C=thing(_DeletionPolicy="Retain"))
    assert deployer.delete() == ["B"]
    assert set(deployer.thing.world) == {"B-2", "C-3"}
    assert set(deployer.stack.kept) == {"B"}
