"""Several models and versions in one deployment: a folder of bundles, each loaded when it is first asked for.

    models/churn/1/bundle.json …
    models/churn/2/bundle.json …
    models/price/1/bundle.json …
    models/models.json            optional: defaults, labels, splits, digests (layout.py)

`Models` answers what a Handler answers: a path that names a model or a version gets it, any other the default.
"""

from __future__ import annotations

import os

CONFIGURATION = "models.json"
_MANIFEST = "bundle.json"


def lie_at(folder: str) -> bool:
    """Whether a folder holds several models, rather than one bundle."""
    if os.path.isfile(os.path.join(folder, _MANIFEST)) or not os.path.isdir(folder):
        return False
    return os.path.isfile(os.path.join(folder, CONFIGURATION)) or any(
        os.path.isfile(os.path.join(folder, name, version, _MANIFEST))
        for name in _folders(folder)
        for version in _folders(os.path.join(folder, name))
    )


def _folders(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
