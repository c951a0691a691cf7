"""What an archive is to serve: one bundle, or a folder of models, verified before it goes in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.provided import imports_of_bundle
from onehandler import models
from onehandler.bundle import Bundle
from onehandler.errors import SettingsError
from onehandler.models.layout import read_layout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onehandler.models.layout import Source


@dataclass(frozen=True, slots=True)
class Contents:
    """A verified folder: a digest over all of it, and what its own code imports, by who imports it."""

    digest: str
    imports: Mapping[str, str]


def contents_of(folder: Path) -> Contents:
    """Verify a bundle, or every version of a folder of models; BundleError, SettingsError for what cannot be served."""
    if not models.lie_at(str(folder)):
        return _of_bundle(folder)
    layout = read_layout(str(folder))
    digest = hashlib.sha256()
    imports: dict[str, str] = {}
    for model in layout.models.values():
        for version, source in model.versions.items():
            if source.location.startswith("s3://"):
                continue
            _require_inside(folder, source)
            found = _of_bundle(folder / model.name / version)
            digest.update(f"{model.name}/{version} {found.digest}\n".encode())
            imports |= found.imports
    configuration = folder / models.CONFIGURATION
    digest.update(configuration.read_bytes() if configuration.is_file() else b"")
    return Contents(digest.hexdigest(), imports)


def scored(folder: Path) -> Path:
    """The bundle that batch scoring uses: the only one, or the default model's default version."""
    if not models.lie_at(str(folder)):
        return folder
    layout = read_layout(str(folder))
    model = layout.models.get(layout.default)
    if model is None:
        raise SettingsError(
            "holds several models and none is the default, which batch scoring uses; name one in "
            f"{models.CONFIGURATION}",
            where=str(folder),
        )
    return folder / model.name / model.default


def _of_bundle(folder: Path) -> Contents:
    bundle = Bundle.load(str(folder))
    if bundle.runtime == "joblib":
        raise SettingsError(
            "keeps a scikit-learn estimator as it is, and scikit-learn is in no layer of ours; serve it from a "
            "container whose image has it, or change the model to one that converts",
            where=str(folder),
        )
    return Contents(bundle.digest, imports_of_bundle(folder))


def _require_inside(folder: Path, source: Source) -> None:
    if not source.location.startswith(f"{folder}/"):
        raise SettingsError(
            "lies outside of the folder of models, so the archive would not have it; use s3://… or copy it",
            where=source.location,
        )
