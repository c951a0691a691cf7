"""Whatever somebody hands us as a bundle: refused by name, executed never, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import bundles
from tests.malicious.cases import CASES, KINDS, Case, Made, make
from tests.onehandler.bundle_sources.objects import Objects, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_MINUTES = 4 * 60  # it takes five seconds
SOUND = [Case("sound", "sound", kind) for kind in KINDS]
# The first refusal of each sort imports what later ones need: no more is asked of these than that.
WARM = [
    Case("model", "doubled", "folder"),
    Case("members", "file twice", "archive"),
    Case("code", "pickle that allows itself", "folder"),
    Case("code", "Python, not allowed", "folder"),
    Case("objects", "shorter", "objects"),
    Case("manifest", "accents collide", "folder"),
    Case("manifest", "column ends a line", "folder"),
    Case("manifest", "too many files", "folder"),
]
FIRST = [*SOUND, *WARM]


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("malicious")


@pytest.fixture(scope="module")
def made(rooms: Path, objects: Objects) -> dict[str, Made]:
    """Every case in a room of its own, and a sound bundle to warm up on for each kind of place."""
    sound = Path(bundles.build("iris", rooms / "sound"))
    found = {}
    for number, case in enumerate([*FIRST, *CASES]):
        room = rooms / str(number)
        room.mkdir()
        found[case.id] = make(case, sound, room, objects)
    return found


@pytest.fixture(scope="module")
def verdicts(
    made: dict[str, Made], rooms: Path, objects: Objects, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What a process said of each, one after another."""
    before = listing(rooms)
    lines = [json.dumps({"id": case.id, **made[case.id]._asdict()}) for case in (*FIRST, *CASES)]
    working = tmp_path_factory.mktemp("working")
    (working / "outside.bin").write_bytes(bytes(48))
    done = subprocess.run(
        [sys.executable, "-m", "tests.malicious.loading"],
        check=False,
        input="\n".join(lines),
        env={**os.environ, **_access(objects), "PYTHONPATH": str(ROOT)},
        cwd=working,
        capture_output=True,
        text=True,
        timeout=_MINUTES,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [path.name for path in working.iterdir()] == ["outside.bin"]
    changed = sorted(listing(rooms).items() ^ before.items())  # all of them would take minutes to show
    assert changed[:5] == []
    told = map(json.loads, done.stdout.splitlines())
    return {found["id"]: found for found in told}


def _access(objects: Objects) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": objects.url, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}


def listing(folder: Path) -> dict[str, int]:
    """Every file below with its size, but for the temporary folders, which are looked at case by case."""
    found = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "temporary"]
        found.update({str(Path(parent, name)): Path(parent, name).lstat().st_size for name in files})
    return found


def test_there_are_enough() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    assert len({(case.table, case.name) for case in CASES}) >= 60


@pytest.mark.parametrize("case", SOUND, ids=[case.id for case in SOUND])
def test_the_bundle_that_the_table_alters_is_served(case: Case, verdicts: dict[str, dict[str, Any]]) -> None:
    assert verdicts[case.id]["error"] == ""


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_it_is_refused(case: Case, verdicts: dict[str, dict[str, Any]]) -> None:
    found = verdicts[case.id]
    assert found["refused"], found
    assert case.message in found["message"]
    assert len(found["message"]) < 1200
    assert "\n" not in found["message"].rstrip()
    assert "\x1b" not in found["message"]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_nothing_is_executed_and_nothing_opened_outside(
    case: Case, verdicts: dict[str, dict[str, Any]], made: dict[str, Made]
) -> None:
    room = str(Path(made[case.id].temporary).parent)
    for event, told in verdicts[case.id]["events"]:
        assert event in ("read", "write"), (event, told)
        assert told.startswith(room), (event, told)
        if event == "write":
            assert case.kind != "folder", told
            assert case.table in ("model", "code", "objects"), told  # what has the right digests is extracted
            assert told.startswith(made[case.id].temporary), told


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_nothing_is_left_behind(case: Case, verdicts: dict[str, dict[str, Any]]) -> None:
    left = [Path(path) for path in verdicts[case.id]["left"]]
    if case.table in ("model", "code") and case.kind == "objects":
        # It is what its location says: the next start finds it, and verifies it anew.
        assert {path.name for path in left} == {"bundle.json", "model.onnx"}
    else:
        assert [path for path in left if not path.name.startswith("onehandler-bundles-")] == []


def test_a_manifest_at_fault_is_all_that_is_fetched(
    made: dict[str, Made], objects: Objects, verdicts: dict[str, dict[str, Any]]
) -> None:
    places = {made[id_].place.removeprefix("s3:/") for id_ in verdicts if id_.startswith("objects-manifest-")}
    asked = {path for path, _ in objects.asked if path.rpartition("/")[0] in places}
    assert len(asked) == len(places) > 60
    assert {path.rpartition("/")[2] for path in asked} == {"bundle.json"}
