"""Loads bundles from strangers in a process that tells everything it does: `python -m tests.malicious.loading`.

Reads one JSON object a line, {"id", "place", "temporary"}, and writes one for each: what was refused, and the
audit events (https://docs.python.org/3/library/audit_events.html) that there were meanwhile.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from onehandler.bundle import Bundle
from onehandler.bundle_archive import load_archive
from onehandler.errors import OnehandlerError
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.malicious.members import LIMIT

# What executes, deserialises or links, whatever its arguments.
TOLD = (
    "compile", "exec", "import", "marshal.loads", "pickle.find_class", "code.__new__", "ctypes.dlopen",
    "os.exec", "os.fork", "os.link", "os.posix_spawn", "os.symlink", "os.system", "subprocess.Popen", "os.chmod",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Recorder:
    """An audit hook, which can never be taken out again: it listens while it is told to."""

    def __init__(self) -> None:
        self.found: list[list[str]] | None = None
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.found is None:
            return
        if event in TOLD:
            self.found.append([event, str(arguments[0])[:200] if arguments else ""])
        elif event == "open" and isinstance(arguments[0], (str, bytes)):
            writes = bool(arguments[2] & _WRITING)
            self.found.append(["write" if writes else "read", os.fsdecode(arguments[0])])


def load(place: str) -> None:
    """Load and open, as a deployment does."""
    archive = place.endswith(".tar.gz")
    bundle = load_archive(place, "", LIMIT) if archive else Bundle.load(place)
    Handler.load(bundle, Settings({})).close()


def verdict(place: str, recorder: Recorder) -> dict[str, Any]:
    """What came of loading it."""
    recorder.found = found = []
    error: BaseException | None = None
    try:
        load(place)
    except Exception as caught:  # noqa: BLE001 - an unforeseen one is what the test looks for
        error = caught
    finally:
        recorder.found = None
    return {
        "refused": isinstance(error, OnehandlerError),
        "error": type(error).__name__ if error else "",
        "message": str(error or "").encode("utf-8", "backslashreplace").decode(),
        "events": found,
    }


def main() -> None:
    recorder = Recorder()
    for line in sys.stdin:
        case = json.loads(line)
        os.environ["TMPDIR"] = tempfile.tempdir = case["temporary"]
        found = verdict(case["place"], recorder)
        gc.collect()  # the error's frames hold the bundle, and that its temporary folder
        left = [str(path) for path in Path(case["temporary"]).rglob("*") if not path.is_dir()]
        print(json.dumps({"id": case["id"], **found, "left": left}))


if __name__ == "__main__":
    main()
