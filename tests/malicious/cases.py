"""The table: every malicious bundle, as every kind of place that it could come from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.malicious.archives import members_of, tar, write
from tests.malicious.folders import FILES
from tests.malicious.manifests import MANIFESTS
from tests.malicious.members import MEMBERS
from tests.malicious.models import CODE, MODELS, OUTSIDE, WEIGHTS
from tests.malicious.objects import OBJECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.onehandler.bundle_sources.objects import Objects

KINDS = ("folder", "archive", "objects")


class Case(NamedTuple):
    """One malicious bundle: in which table it stands, under which name, and the kind of its place."""

    table: str
    name: str
    kind: str

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.table}-{self.name}"

    @property
    def message(self) -> str:
        """What the refusal must say."""
        return str(_TABLES[self.table][self.name][1])


_TABLES = {
    "manifest": MANIFESTS,
    "model": MODELS,
    "code": CODE,
    "files": FILES,
    "members": MEMBERS,
    "objects": OBJECTS,
}
CASES = [
    *(Case("manifest", name, kind) for name in MANIFESTS for kind in KINDS),
    *(Case("model", name, kind) for name in MODELS for kind in KINDS),
    *(Case("code", name, kind) for name in CODE for kind in KINDS),
    *(Case("files", name, "folder") for name in FILES),
    *(Case("members", name, "archive") for name in MEMBERS),
    *(Case("objects", name, "objects") for name in OBJECTS),
]


class Made(NamedTuple):
    """Where a case lies, and the temporary folder that its loading gets."""

    place: str
    temporary: str


def make(case: Case, sound: Path, room: Path, objects: Objects) -> Made:
    """Alter a copy of the sound bundle; `room` is an empty folder."""
    folder = room / "bundle"
    shutil.copytree(sound, folder)
    (room / OUTSIDE).write_bytes(bytes(WEIGHTS))
    temporary = room / "temporary"
    temporary.mkdir()
    if case.table == "manifest":
        path = folder / "bundle.json"
        path.write_bytes(MANIFESTS[case.name][0](path.read_bytes()))
    elif case.table == "model":
        _replace_model(folder, MODELS[case.name][0]((folder / "model.onnx").read_bytes()))
    elif case.table == "code":
        content, changes = CODE[case.name][0]
        _replace_model(folder, content, changes)
    elif case.table == "files":
        FILES[case.name][0](folder)
    elif case.table == "members":
        content = MEMBERS[case.name][0](members_of(str(folder)))
        return Made(str(write(room / "bundle.tar.gz", content)), str(temporary))
    if case.kind == "folder":
        return Made(str(folder), str(temporary))
    if case.kind == "archive":
        return Made(str(write(room / "bundle.tar.gz", tar(members_of(str(folder))))), str(temporary))
    return Made(_pushed(case, folder, temporary, objects), str(temporary))


def _replace_model(folder: Path, content: bytes, changes: Mapping[str, Any] | None = None) -> None:
    """With the digest that it has, so that only its content is wrong."""
    (folder / "model.onnx").write_bytes(content)
    manifest = json.loads((folder / "bundle.json").read_bytes()) | (changes or {})
    digest = hashlib.sha256(content).hexdigest()
    manifest["files"]["model.onnx"] = {"bytes": len(content), "sha256": digest}
    (folder / "bundle.json").write_text(json.dumps(manifest))


def _pushed(case: Case, folder: Path, temporary: Path, objects: Objects) -> str:
    digest = hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()
    prefix = hashlib.sha256(case.id.encode()).hexdigest()[:8]
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    if case.table == "objects":
        home = temporary / f"onehandler-bundles-{os.getuid()}"
        OBJECTS[case.name][0](held, home)
    objects.held.update({f"/models/{prefix}/{digest}/{name}": content for name, content in held.items()})
    return f"s3://models/{prefix}/{digest}"
