"""From S3 to the folder that a container finds as /opt/ml/model."""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING

from local_emulator.sagemaker.errors import CannotServe, SageMakerError

if TYPE_CHECKING:
    from pathlib import Path

    from local_emulator.sagemaker.contracts import Objects

_ARCHIVES = (".tar.gz", ".tgz")
_PATH_STYLE = re.compile(r"https://s3[.-][a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(.+)")


def unpack(objects: Objects, uri: str, folder: Path) -> None:
    """Fetch an archive and unpack it, or fetch every object below a prefix. CannotServe says what is wrong."""
    if not uri:
        return
    uri = _as_s3(uri)
    if uri.endswith(_ARCHIVES):
        _extract(_read(objects, uri), uri, folder)
        return
    found = False
    for each in objects.below(uri):
        name = each[len(uri) :].lstrip("/")
        target = (folder / name).resolve()
        if not name or not target.is_relative_to(folder.resolve()):
            continue  # a folder's own marker; a key that climbs
        found = True
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_read(objects, each))
    if not found:
        raise CannotServe(f"Could not find model data at {uri}.")


def _as_s3(uri: str) -> str:
    """The URI as s3://bucket/key; SageMaker takes S3's path-style addresses, too."""
    found = _PATH_STYLE.fullmatch(uri)
    if found is not None:
        return f"s3://{found[1]}"
    if not uri.startswith("s3://"):
        raise CannotServe(
            f"model data must be s3://bucket/key or https://s3.REGION.amazonaws.com/bucket/key, not {uri}"
        )
    return uri


def _read(objects: Objects, uri: str) -> bytes:
    try:
        return objects.read(uri)
    except SageMakerError as error:
        raise CannotServe(f"Could not find model data at {uri}. {error.message}") from None


def _extract(content: bytes, uri: str, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CannotServe(f"Failed to extract model data archive {uri}: {error}") from None
