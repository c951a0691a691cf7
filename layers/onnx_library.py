"""Takes the one library out of the onnxruntime wheel: no Python binding, no tools, no GPU stub."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from layers.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Lambda unpacks layers below /opt and has /opt/lib on LD_LIBRARY_PATH. The name is the library's own SONAME,
# so that there is one file, without links.
LIBRARY_PATH_IN_LAYER = "lib/libonnxruntime.so.1"
_LIBRARY = "onnxruntime/capi/libonnxruntime.so.*"
# The licence asks for both to travel with every copy.
_NOTICES: Mapping[str, str] = {
    "onnxruntime/LICENSE": "licenses/onnxruntime/LICENSE",
    "onnxruntime/ThirdPartyNotices.txt": "licenses/onnxruntime/ThirdPartyNotices.txt",
}


def stage_library(installed: Path, layer: Path) -> None:
    """Copy library and notices from the installed wheel to where the layer has them."""
    found = sorted(installed.glob(_LIBRARY))
    if len(found) != 1:
        raise BuildError(f"the onnxruntime wheel has {len(found)} files {_LIBRARY}; this build knows of one")
    _copy(found[0], layer / LIBRARY_PATH_IN_LAYER)
    for source, target in _NOTICES.items():
        _copy(installed / source, layer / target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
