"""Snapshots of what moto keeps, and how callers find them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_emulator.aws.control_plane.functions import MotoFunctions
from local_emulator.aws.control_plane.log_sink import MOST_EVENTS, LogHomes, MotoLogSink
from local_emulator.aws.front.ports import FunctionNotFoundError
from tests.local_emulator.aws.emulators import ACCOUNT, REGION, Running, control_plane, make_function, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.execution.contracts import FunctionSnapshot

OTHER_CODE = zipped(handler="def handle(event, context): return 2")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with control_plane(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W", "_", request.node.name)[-50:]


def find(name: str, qualifier: str | None = None, drawn: float = 0.5) -> FunctionSnapshot:
    return MotoFunctions(lambda: drawn, LogHomes()).find(ACCOUNT, REGION, name, qualifier).snapshot


def test_a_snapshot_has_everything(running: Running, name: str) -> None:
    functions = running.client("lambda")
    layer = functions.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(lib="x = 1")})
    make_function(
        running,
        name,
        Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"B": "2", "A": "1"}},
        MemorySize=256,
        Timeout=7,
        EphemeralStorage={"Size": 600},
        LoggingConfig={"LogGroup": "elsewhere"},
    )
    found = find(name)
    assert found.arn == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST"
    assert (found.memory_mb, found.timeout_s, found.ephemeral_storage_mb) == (256, 7.0, 600)
    assert found.environment == (("A", "1"), ("B", "2"))
    assert found.layers == (zipped(lib="x = 1"),)
    assert found.layer_sha256s == (layer["Content"]["CodeSha256"],)
    assert found.log_group == "elsewhere"


def test_every_change_makes_another_snapshot(running: Running, name: str) -> None:
    make_function(running, name)
    functions = running.client("lambda")
    seen = {find(name)}
    functions.update_function_configuration(FunctionName=name, MemorySize=512)
    seen.add(find(name))
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"A": "1"}})
    seen.add(find(name))
    functions.update_function_code(FunctionName=name, ZipFile=OTHER_CODE)
    seen.add(find(name))
    assert len(seen) == 4
    assert running.execution.retired.count(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST") == 3


def test_versions_do_not_change(running: Running, name: str) -> None:
    make_function(running, name, Environment={"Variables": {"A": "1"}})
    functions = running.client("lambda")
    functions.publish_version(FunctionName=name)
    before = find(name, "1")
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {}}, Timeout=9)
    functions.update_function_code(FunctionName=name, ZipFile=OTHER_CODE, Publish=True)
    assert find(name, "1") == before
    assert find(name, "2").code == OTHER_CODE
    with pytest.raises(ClientError, match="Function not found"):
        functions.get_function(FunctionName=name, Qualifier="3")


def test_a_version_keeps_a_layer_that_is_deleted(running: Running, name: str) -> None:
    functions = running.client("lambda")
    layer = functions.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(lib="x = 1")})
    make_function(running, name, Layers=[layer["LayerVersionArn"]], Publish=True)
    functions.delete_layer_version(LayerName=name, VersionNumber=1)
    assert find(name, "1").layers == (zipped(lib="x = 1"),)


def test_aliases_with_weights(running: Running, name: str) -> None:
    make_function(running, name, Publish=True)
    functions = running.client("lambda")
    functions.update_function_code(FunctionName=name, ZipFile=OTHER_CODE, Publish=True)
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)
    assert [find(name, "live", drawn).version for drawn in (0.0, 0.24, 0.25, 0.99)] == ["2", "2", "1", "1"]
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert find(name, "live", 0.0).version == "1"


@pytest.mark.parametrize("qualifier", [None, "9", "alias"])
def test_what_is_not_there_is_not_found(running: Running, qualifier: str | None) -> None:
    with pytest.raises(FunctionNotFoundError):
        find("nobody", qualifier)


def test_reserved_concurrency_holds_for_every_version(running: Running, name: str) -> None:
    make_function(running, name, Publish=True)
    running.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    functions = MotoFunctions(lambda: 0.0, LogHomes())
    assert functions.find(ACCOUNT, REGION, name, "1").concurrency_limit == 3
    running.client("lambda").delete_function_concurrency(FunctionName=name)
    assert functions.find(ACCOUNT, REGION, name, None).concurrency_limit is None


def test_a_dry_run_changes_nothing(running: Running, name: str) -> None:
    make_function(running, name)
    before = find(name)
    running.client("lambda").update_function_code(FunctionName=name, ZipFile=OTHER_CODE, DryRun=True)
    assert find(name) == before


def test_lines_become_log_events(running: Running, name: str) -> None:
    homes = LogHomes()
    make_function(running, name)
    MotoFunctions(lambda: 0.0, homes).find(ACCOUNT, REGION, name, None)
    sink = MotoLogSink(homes)
    group = f"/aws/lambda/{name}"
    sink.write(group, "stream", "one\nzwei ä\rdrei\n\n".encode(), _now_ms())
    answer: Any = running.client("logs").filter_log_events(logGroupName=group)
    assert [event["message"] for event in answer["events"]] == ["one\n", "zwei ä\ndrei\n"]


def test_streams_forget_their_oldest_lines(running: Running, name: str) -> None:
    from moto.logs.models import logs_backends

    homes = LogHomes()
    make_function(running, name)
    MotoFunctions(lambda: 0.0, homes).find(ACCOUNT, REGION, name, None)
    group = f"/aws/lambda/{name}"
    MotoLogSink(homes).write(group, "s", b"line\n" * (MOST_EVENTS + 1), _now_ms())
    assert len(logs_backends[ACCOUNT][REGION].groups[group].streams["s"].events) < MOST_EVENTS


def _now_ms() -> int:
    import time

    return int(time.time() * 1000)
