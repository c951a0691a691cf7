"""One target under atheris: `python -m tests.fuzz.one TARGET CORPUS [libFuzzer's options]`."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found] # requirements/fuzz.txt


def main() -> None:
    name, corpus, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["onehandler", "adapters"]):
        from tests.fuzz.targets import target

        found = target(name)
    for seed in found.seeds():
        Path(corpus, hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    # Telemetry writes a line a request to standard output; libFuzzer writes to standard error.
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process runs
    atheris.Setup([sys.argv[0], *options, corpus], found.fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
