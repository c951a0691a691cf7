"""Serverless variants: stopped when idle, started by the next request, limited by MaxConcurrency."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.warden import Warden
from local_emulator.sagemaker.contracts import ContainerSpec, ServerlessSpec, VariantSpec
from local_emulator.sagemaker.errors import Throttled
from local_emulator.sagemaker.fleet import Fleet, Launcher
from local_emulator.sagemaker.images import Images
from onehandler.bundle_archive import pack
from tests import bundles
from tests.local_emulator.sagemaker.conftest import IMAGE, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IDLE_S = 300.0


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class OneArchive:
    """Objects of which there is one."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive

    def read(self, uri: str) -> bytes:
        assert uri == "s3://models/iris.tar.gz"
        return self._archive.read_bytes()

    def write(self, uri: str, content: bytes, content_type: str) -> None:
        raise NotImplementedError

    def below(self, uri: str) -> Iterator[str]:
        raise NotImplementedError


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def fleet(tmp_path: Path, clock: Hand) -> Iterator[Fleet]:
    pack(bundles.build("iris", tmp_path / "bundle"), tmp_path / "iris.tar.gz")
    warden = Warden(tmp_path)
    launcher = Launcher(tmp_path / "root", Images(), OneArchive(tmp_path / "iris.tar.gz"), lambda: warden, {})
    container = ContainerSpec(IMAGE, "s3://models/iris.tar.gz")
    spec = VariantSpec("all", container, serverless=ServerlessSpec(2048, 2))
    made = Fleet(spec, launcher, lambda _: None, clock=clock, idle_s=IDLE_S)
    try:
        made.begin()
        yield made
    finally:
        made.end()
        warden.close()


def test_it_is_stopped_when_idle_and_started_by_the_next_request(fleet: Fleet, clock: Hand) -> None:
    assert fleet.enter()
    first = fleet.process()
    clock.now += IDLE_S + 1
    time.sleep(0.5)  # more than two looks of the watcher: nothing stops it under a request
    assert first.runs
    fleet.leave()
    clock.now += IDLE_S + 1
    until(lambda: not first.runs)
    assert fleet.enter()
    second = fleet.process()
    assert second is not first
    assert second.runs
    fleet.leave()


def test_more_than_max_concurrency_at_once_are_throttled(fleet: Fleet) -> None:
    assert fleet.enter()
    assert fleet.enter()
    with pytest.raises(Throttled, match="MaxConcurrency"):
        fleet.enter()
    fleet.leave()
    assert fleet.enter()
    fleet.leave()
    fleet.leave()
