"""A bundle in S3, fetched before the platform's program is imported, is verified once and not again."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests import bundles
from tests.onehandler.bundle_sources.objects import serving

ROOT = Path(__file__).parents[3]
PROGRAM = """
import os, sys
from onehandler import early
from onehandler.settings import Settings
early.begin(os.environ)
bundle = early.verified(Settings(os.environ))
print(bundle.name, bundle.folder, 'boto3' in sys.modules)
"""


def test_what_was_fetched_early_is_served(tmp_path: Path) -> None:
    folder = bundles.build("iris", tmp_path)
    digest = sha256(Path(folder, "bundle.json").read_bytes()).hexdigest()
    with serving() as objects:
        for path in Path(folder).iterdir():
            objects.held[f"/models/{digest}/{path.name}"] = path.read_bytes()
        environ = {
            "AWS_ENDPOINT_URL": objects.url,
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "ONEHANDLER_BUNDLE": f"s3://models/{digest}",
            "TMPDIR": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
        )
    name, found, imported = done.stdout.split()
    assert (name, imported) == ("iris", "False")
    assert found.startswith(str(tmp_path))
    assert found.endswith(digest)
