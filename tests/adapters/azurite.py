"""Azurite as a process of its own, on ports that it chooses itself."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM = Path(__file__).parents[2] / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")
# Every Azurite's account, which its documentation publishes.
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """Run it with nothing on disk but its log; give the connection string."""
    command = ["node", str(_PROGRAM), "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    options = ["--inMemoryPersistence", "--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    with (folder / "azurite.log").open("w") as errors:
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder
        )
        assert process.stdout is not None
        try:
            found: dict[str, str] = {}
            while len(found) < 3:
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"Azurite did not start: {(folder / 'azurite.log').read_text()}")
                if told := _LISTENING.search(line):
                    found[told[1]] = told[2]
            endpoints = "".join(f"{name}Endpoint={url}/devstoreaccount1;" for name, url in found.items())
            yield f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={_KEY};{endpoints}"
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()
