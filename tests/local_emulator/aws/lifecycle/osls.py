"""The real osls, kept away from the user's home and accounts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from onehandler.pythons import this_version

REPOSITORY = Path(__file__).resolve().parents[4]
PROGRAM = REPOSITORY / "node_modules" / ".bin" / "osls"


@dataclass(frozen=True)
class Osls:
    """Runs osls in a service's folder against an endpoint."""

    service: Path
    endpoint_url: str
    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Run a command; give what it printed. Fails the test when it ends with another status than 0."""
        done = self.try_run(*arguments)
        assert done.returncode == 0, f"osls {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def try_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it."""
        return subprocess.run(
            [str(PROGRAM), *arguments],
            cwd=self.service,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        # Node may be the one that `make setup` put beside Python.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {
            "PATH": path,
            "HOME": str(self.home),
            "CI": "1",
            "NODE_NO_WARNINGS": "1",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
            "SLS_AWS_MONITORING_FREQUENCY": "300",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "SAMPLE_RUNTIME": f"python{this_version()}",
            **self.settings,
        }


def require_osls() -> None:
    """Fail with what to do when osls or Node is not there: a test that is skipped proves nothing."""
    if not PROGRAM.exists():
        raise AssertionError(f"{PROGRAM} is missing: run `make setup` first")
    if (
        shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        is None
    ):
        raise AssertionError("osls needs Node 20 or later, and there is none: run `make setup` first")
